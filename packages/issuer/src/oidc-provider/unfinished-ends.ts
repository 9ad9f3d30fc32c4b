import { type Clock, isJsonObject, withTimeout } from '@revocast/denylist/replica';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { StoreError } from '../outbox/store-error.ts';
import { type EndEvent, grantRevoked, sessionEnded } from './end-events.ts';

type Find = (key: string) => Promise<unknown>;
type IsReported = (end: EndEvent) => Promise<boolean>;

/** Each read of a session or grant waits for the answer, and a login or refresh makes several. */
const longestWaitMs = 300;
/** While a store hangs, only the first reads of each period wait, and its pool does not fill up with their questions. */
const pauseMs = 5000;

/**
 * Hides a stored grant or session whose end was noted. It is still there after a crash between the report and the deletion:
 * tokens of a later login with it would be denied for as long as a token can live. Hidden, it costs one more sign-in.
 */
export function hideEnded(find: Find, model: 'Grant' | 'Session', isReported: IsReported): Find {
  const endOf = model === 'Grant' ? endOfGrant : endOfSession;
  return async (key) => {
    const stored = await find(key);
    const end = endOf(stored);
    return end !== undefined && (await isReported(end)) ? undefined : stored;
  };
}

/**
 * Asks the store whether an end was noted. While the store is down or hangs, the answer is false, after 300 ms at most, and for
 * 5 s it is not asked again: its outage must not keep users from signing in.
 */
export function askStore(lifecycle: Pick<Lifecycle, 'isReported'>, clock: Clock): IsReported {
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  return async (end) => {
    if (clock.monotonicMs() < pausedUntilMs) return false;
    const answer = await withTimeout(lifecycle.isReported(end).catch(noAnswerFrom), {
      clock,
      timeoutMs: longestWaitMs,
      late: undefined,
      keepAlive: true,
    });
    if (answer === undefined) pausedUntilMs = clock.monotonicMs() + pauseMs;
    return answer ?? false;
  };
}

function noAnswerFrom(error: unknown): undefined {
  if (!(error instanceof StoreError)) throw error;
}

function endOfGrant(stored: unknown): EndEvent | undefined {
  return isJsonObject(stored) && typeof stored['jti'] === 'string' ? grantRevoked(stored['jti']) : undefined;
}

function endOfSession(stored: unknown): EndEvent | undefined {
  if (!isJsonObject(stored) || typeof stored['uid'] !== 'string') return undefined;
  // Without a login, no end of it is reported.
  return stored['accountId'] === undefined ? undefined : sessionEnded(stored['uid']);
}
