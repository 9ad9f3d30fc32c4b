import type { Clock } from '../clock.ts';
import { type Enforcement, type IssuerTrust, lookUpMemoryMs, nothingKnown } from '../log/enforcement.ts';
import type { AppendedAt, RevocationLog } from '../log/revocation-log.ts';
import { checkWholeNumber } from '../option-bounds.ts';
import { withTimeout } from '../with-timeout.ts';

/** What is known about the enforcement of one revocation when the wait ends. */
export interface EnforcedEverywhere extends Omit<Enforcement, 'known' | 'mayRememberLookUp'> {
  /** Every replica that is alive and rejects when unsure has applied it. False when that is not known. */
  readonly everywhere: boolean;
  /** Milliseconds from the call. */
  readonly ms: number;
  /** The log that was asked. Replicas of another log are not counted. */
  readonly log: AskedLog;
}

/** A log as its users see it. */
export interface AskedLog {
  /** Kind and address, without credentials. */
  readonly name: string;
  /** 16 hex digits, the same in every epoch. Undefined where the log has no such name. */
  readonly identity?: string;
  readonly epoch: string;
}

interface AwaitEnforcement {
  readonly log: Pick<RevocationLog, 'enforcement'>;
  readonly asked: AskedLog;
  readonly appended: AppendedAt;
  /** The digest of the issuer that was named; absent where none was. */
  readonly issuer?: string;
  /** Monotonic milliseconds at which the log had answered. */
  readonly appendedAtMs: number;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** The first pauses are short, because most replicas apply an entry within milliseconds; a late one takes seconds. */
const firstPauseMs = 2;
const longestPauseMs = 250;

/**
 * Asks the log until every replica has applied an entry, or the time is up.
 *
 * @throws ConfigurationError for a `timeoutMs` outside 1–60,000.
 */
export async function awaitEnforcement(wait: AwaitEnforcement): Promise<EnforcedEverywhere> {
  const { log, appendedAtMs, clock } = wait;
  const appended = { ...wait.appended, issuer: wait.issuer };
  // Unchecked, NaN would never be reached: the loop would not end and would not pause.
  const timeoutMs = checkWholeNumber('timeoutMs', wait.timeoutMs, { least: 1, most: 60_000, unit: 'ms' });
  const startedAtMs = clock.monotonicMs();
  let latest: Enforcement = nothingKnown;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
    const limit = {
      clock,
      timeoutMs: startedAtMs + timeoutMs - clock.monotonicMs(),
      late: nothingKnown,
      // The caller awaits the result, so the process must not end before.
      keepAlive: true,
    };
    // A log that cannot answer now may answer before the time is up.
    const answer = await withTimeout(log.enforcement(appended), limit).catch(() => nothingKnown);
    // Counts of which it is unknown whether they are complete are better than none.
    if (answer.known || (!latest.known && answer !== nothingKnown)) latest = answer;
    const nowMs = clock.monotonicMs();
    const rememberedForMs = answer.mayRememberLookUp ? appendedAtMs + lookUpMemoryMs - nowMs : 0;
    const everywhere = answer.known && answer.missing.length === 0 && answer.expected > 0 && rememberedForMs <= 0;
    const ms = nowMs - startedAtMs;
    if (everywhere || ms >= timeoutMs) {
      const { known: _known, mayRememberLookUp: _mayRememberLookUp, ...counts } = latest;
      return { ...counts, everywhere, ms, log: wait.asked };
    }
    await clock.sleep(Math.min(pauseMs, timeoutMs - ms), undefined, true);
  }
}

/** Longer than one answer of a log takes. */
const trustTimeoutMs = 1000;

/** Asks the log once whether a replica trusts the issuer of an entry. Never rejects. */
export async function askIssuerTrust({
  log,
  appended,
  issuer,
  clock,
}: Pick<AwaitEnforcement, 'log' | 'appended' | 'issuer' | 'clock'>): Promise<IssuerTrust> {
  const limit = { clock, timeoutMs: trustTimeoutMs, late: nothingKnown, keepAlive: true };
  const answer = await withTimeout(log.enforcement({ ...appended, issuer }), limit).catch(() => nothingKnown);
  return answer.issuerTrustedBy;
}
