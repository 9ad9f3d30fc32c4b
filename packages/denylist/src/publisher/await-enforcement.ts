import type { Clock } from '../clock.ts';
import { type Enforcement, nothingKnown } from '../log/enforcement.ts';
import type { AppendedAt, RevocationLog } from '../log/revocation-log.ts';

/** What is known about the enforcement of one revocation when the waiting ends. */
export interface EnforcedEverywhere extends Omit<Enforcement, 'known'> {
  /** Every replica that is alive and refuses when unsure has applied it. False while nobody can tell. */
  readonly everywhere: boolean;
  /** Milliseconds from the call. */
  readonly ms: number;
}

export interface AwaitEnforcement {
  readonly log: Pick<RevocationLog, 'enforcement'>;
  readonly appended: AppendedAt;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Asks at first often, then more seldom: most replicas have it within milliseconds, a silent one after seconds. */
const firstPauseMs = 2;
const longestPauseMs = 250;

/** Asks the log until every replica has applied an entry, or the time is up. */
export async function awaitEnforcement({
  log,
  appended,
  clock,
  timeoutMs,
}: AwaitEnforcement): Promise<EnforcedEverywhere> {
  const startedAtMs = clock.monotonicMs();
  const endsAtMs = startedAtMs + timeoutMs;
  const stop = new AbortController();
  const timeout = clock.sleep(timeoutMs, stop.signal, true).then(() => nothingKnown);
  let seen: Enforcement = nothingKnown;
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
      // A log that cannot answer now may answer before the time is up.
      const asked = log.enforcement(appended).catch(() => nothingKnown);
      const answered = await Promise.race([asked, timeout]);
      if (answered.known) seen = answered;
      const everywhere = answered.known && answered.missing.length === 0 && answered.expected > 0;
      const now = clock.monotonicMs();
      if (everywhere || now >= endsAtMs) {
        const { known: _known, ...counts } = seen;
        return { ...counts, everywhere, ms: now - startedAtMs };
      }
      await clock.sleep(Math.min(pauseMs, endsAtMs - now), undefined, true);
    }
  } finally {
    stop.abort();
  }
}
