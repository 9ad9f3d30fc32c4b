import { type Clock, isJsonObject, withTimeout } from '@revocast/denylist/replica';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { StoreError } from '../outbox/store-error.ts';
import { type EndEvent, grantRevoked, sessionEnded } from './end-events.ts';
import type { StoragePort } from './provider.ts';

type Find = (key: string) => Promise<unknown>;
type PortOf = (model: string) => Pick<StoragePort, 'destroy' | 'revokeByGrantId'>;
type IsReported = (end: EndEvent) => Promise<boolean>;

/** Each read of a session or grant waits for the answer, and a login or refresh makes several. */
const longestWaitMs = 300;
/** While a store hangs, only the first reads of each period wait, and its pool does not fill up with their questions. */
const pauseMs = 5000;

/** Models whose items the library deletes with their grant. */
const modelsOfGrants = [
  'AccessToken',
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
  'PreAuthorizedCode',
];

/**
 * Hides a stored grant or session whose end was noted, and deletes it. It is still there after a crash between the report and the
 * deletion: tokens of a later login with it would be denied for as long as a token can live. Hidden, it costs one more sign-in.
 *
 * @param portOf the storage of a model, which reports nothing.
 */
export function hideEnded(
  find: Find,
  model: 'Grant' | 'Session',
  { isReported, portOf }: { readonly isReported: IsReported; readonly portOf: PortOf },
): Find {
  const endedItem = model === 'Grant' ? endedGrant : endedSession;
  return async (key) => {
    const stored = await find(key);
    const ended = endedItem(stored);
    if (ended === undefined || !(await isReported(ended.event))) return stored;
    // The note is deleted after a week, and refresh tokens live longer.
    await finish(ended, model, portOf);
    return undefined;
  };
}

/**
 * The library refuses a token without its grant, so the tokens are deleted only as far as that is possible: a model that the server
 * does not use may have no table.
 */
async function finish({ id }: EndedItem, model: 'Grant' | 'Session', portOf: PortOf): Promise<void> {
  if (model === 'Grant') {
    await Promise.allSettled(modelsOfGrants.map(async (each) => await portOf(each).revokeByGrantId(id)));
  }
  await portOf(model).destroy(id);
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

interface EndedItem {
  readonly id: string;
  readonly event: EndEvent;
}

function endedGrant(stored: unknown): EndedItem | undefined {
  if (!isJsonObject(stored) || typeof stored['jti'] !== 'string') return undefined;
  return { id: stored['jti'], event: grantRevoked(stored['jti']) };
}

function endedSession(stored: unknown): EndedItem | undefined {
  if (!isJsonObject(stored)) return undefined;
  const { jti, uid, accountId } = stored;
  // Without a login, no end of it is reported.
  if (typeof jti !== 'string' || typeof uid !== 'string' || accountId === undefined) return undefined;
  return { id: jti, event: sessionEnded(uid) };
}
