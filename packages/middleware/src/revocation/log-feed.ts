import { type Clock, FeedError } from '@revocast/denylist/replica';
import type { WhenUnknown } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import type { OnLogReset } from '../options/revocation-options.ts';
import type { StateLog } from '../verifier/state-log.ts';
import type { SharedReplica } from './shared-replica.ts';

/** What passes by itself within this time, as at every start, is no news. */
const lastingMs = 1000;
/** As long as sidecars that held everything usually need to give it back. */
const mendingMs = 5000;

export interface FeedLogging {
  readonly feed: SharedReplica;
  readonly policy: { readonly whenUnknown: WhenUnknown; readonly lookup: unknown; readonly onLogReset: OnLogReset };
  readonly log: StateLog;
  readonly clock: Clock;
}

/** Writes a line when a feed becomes fresh or stops being so, and what that does to requests. Returns what ends it. */
export function logFeed({ feed, policy, log, clock }: FeedLogging): () => void {
  const { whenUnknown, lookup } = policy;
  const about = `feed ${feed.name}`;
  const fallback = whenUnknown === 'accept' ? 'accepted without knowing' : 'answered 503';
  const effect =
    lookup === null ? `requests are ${fallback}` : `each request asks the look-up, and is ${fallback} if that fails`;
  const warn = (message: string) => log.say(about, 'warn', `revocast: ${message}`);
  const warnIfItLasts = async (describe: () => string): Promise<void> => {
    await clock.sleep(lastingMs);
    if (!feed.isFresh()) warn(describe());
  };
  let warnedOfRestart = false;
  return feed.subscribe({
    async restartChanged(restartedAtSeconds) {
      // Whoever held everything gives it back meanwhile, and ends it.
      await clock.sleep(mendingMs);
      if (feed.status()?.restartedAtSeconds !== restartedAtSeconds) return;
      const about = `restart ${feed.name}`;
      if (restartedAtSeconds !== undefined) {
        warnedOfRestart = true;
        log.say(about, 'warn', describeRestart(restartedAtSeconds, policy.onLogReset));
      } else if (warnedOfRestart) {
        log.say(about, 'info', 'revocast: the restart of the log is over: nothing that counts is forgotten');
      }
    },
    freshnessChanged({ state }) {
      if (state === 'fresh') {
        log.say(about, 'info', `revocast: feed ${feed.name} is fresh`);
        return;
      }
      void warnIfItLasts(() => {
        const now = feed.status()?.freshness;
        return `feed ${feed.name} is ${now?.state ?? 'cold'} (${now?.cause ?? 'cold'}): ${effect}`;
      });
    },
    connectionFailed(error) {
      const remedy = 'start the sidecar (npx @revocast/sidecar), or write `revocation: null`';
      void warnIfItLasts(() => `cannot follow feed ${feed.name} (${safeText(error)}): ${effect}; ${remedy}`);
    },
    openFailed(error) {
      warn(`feed ${feed.name} cannot be opened: ${safeText(error)}; ${effect}`);
    },
  });
}

function describeRestart(restartedAtSeconds: number, onLogReset: OnLogReset): string {
  const at = new Date(restartedAtSeconds * 1000).toISOString();
  const effect = onLogReset === 'accept' ? 'accepted' : 'refused (too_old)';
  return (
    `revocast: log restarted at ${at}: revocations from before may be forgotten; tokens issued before are ${effect} ` +
    'until they expire; if nothing was lost, run: revocast-sidecar init'
  );
}

/** Only texts that are known to hold no secret: our own errors, and codes. */
export function safeText(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  return error instanceof FeedError ? error.code : 'unexpected error';
}
