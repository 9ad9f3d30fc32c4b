import { type Clock, errorCodeOf, FeedError, fixForFeedError, isNoAnswer } from '@revocast/denylist/replica';
import type { WhenUnknown } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import type { OnLogReset } from '../options/revocation-options.ts';
import type { StateLog } from '../verifier/state-log.ts';
import type { SharedReplica } from './shared-replica.ts';

/** A state that ends within this time, as at every start, is not logged. */
const logDelayMs = 1000;
/** The time in which sidecars usually write back the rules that a log has lost. */
const recoveryMs = 5000;

export interface FeedLogging {
  readonly feed: SharedReplica;
  readonly policy: { readonly whenUnknown: WhenUnknown; readonly lookup: unknown; readonly onLogReset: OnLogReset };
  readonly log: StateLog;
  readonly clock: Clock;
}

/** Logs when a feed becomes fresh or is no longer fresh, with the effect on requests. Returns a function that ends it. */
export function logFeed({ feed, policy, log, clock }: FeedLogging): () => void {
  const { whenUnknown, lookup } = policy;
  const about = `feed ${feed.name}`;
  const fallback = whenUnknown === 'accept' ? 'accepted without a check' : 'answered 503';
  const effect =
    lookup === null ? `requests are ${fallback}` : `each request uses the look-up, and is ${fallback} if that fails`;
  const warn = (message: string) => log.say(about, 'warn', `revocast: ${message}`);
  const warnIfItLasts = async (describe: () => string): Promise<void> => {
    await clock.sleep(logDelayMs);
    if (!feed.isFresh()) warn(describe());
  };
  let warnedOfRestart = false;
  return feed.subscribe({
    async restartChanged(restartedAtSeconds) {
      // Sidecars that hold all rules write them back meanwhile, which ends the restart.
      await clock.sleep(recoveryMs);
      if (feed.status()?.restartedAtSeconds !== restartedAtSeconds) return;
      const about = `restart ${feed.name}`;
      if (restartedAtSeconds !== undefined) {
        warnedOfRestart = true;
        log.say(about, 'warn', describeRestart(restartedAtSeconds, policy.onLogReset));
      } else if (warnedOfRestart) {
        log.say(about, 'info', 'revocast: the restart of the log is over: no revocation that still counts is lost');
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
      const fix = fixFor(error, feed.name);
      void warnIfItLasts(() => `cannot follow feed ${feed.name} (${safeText(error)}): ${effect}; ${fix}`);
    },
    openFailed(error) {
      warn(`feed ${feed.name} cannot be opened: ${safeText(error)}; ${effect}`);
    },
  });
}

function fixFor(error: unknown, name: string): string {
  const code = errorCodeOf(error) ?? '';
  const startSidecar = 'start the sidecar (npx @revocast/sidecar), or write `revocation: null`';
  const isAbsent = isNoAnswer(code) && /^(https?|unix):/.test(name);
  return isAbsent ? startSidecar : (fixForFeedError(code) ?? startSidecar);
}

function describeRestart(restartedAtSeconds: number, onLogReset: OnLogReset): string {
  const at = new Date(restartedAtSeconds * 1000).toISOString();
  const effect = onLogReset === 'accept' ? 'accepted' : 'rejected (too_old)';
  return (
    `revocast: log restarted at ${at}: earlier revocations may be lost; tokens issued before are ${effect} ` +
    'until they expire; if nothing was lost, run: revocast-sidecar init'
  );
}

/** Only texts that contain no secret: errors of this package, and codes. */
export function safeText(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  return error instanceof FeedError ? error.code : 'unexpected error';
}
