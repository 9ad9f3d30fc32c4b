import { isJsonObject } from '@revocast/denylist/replica';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { StoreError } from '../outbox/store-error.ts';
import { type EndEvent, grantRevoked, sessionEnded } from './end-events.ts';

type Find = (key: string) => Promise<unknown>;

/**
 * Hides a stored grant or session whose end was noted. It is still there after a crash between the report and the deletion:
 * tokens of a later login with it would be denied for as long as a token can live. Hidden, it costs one more sign-in.
 */
export function hideEnded(find: Find, model: 'Grant' | 'Session', lifecycle: Lifecycle): Find {
  const endOf = model === 'Grant' ? endOfGrant : endOfSession;
  return async (key) => {
    const stored = await find(key);
    const end = endOf(stored);
    return end !== undefined && (await isReported(end, lifecycle)) ? undefined : stored;
  };
}

/** False while the store is down: its outage must not keep users from signing in. */
async function isReported(end: EndEvent, lifecycle: Lifecycle): Promise<boolean> {
  try {
    return await lifecycle.isReported(end);
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

function endOfGrant(stored: unknown): EndEvent | undefined {
  return isJsonObject(stored) && typeof stored['jti'] === 'string' ? grantRevoked(stored['jti']) : undefined;
}

function endOfSession(stored: unknown): EndEvent | undefined {
  if (!isJsonObject(stored) || typeof stored['uid'] !== 'string') return undefined;
  // Without a login, no end of it is reported.
  return stored['accountId'] === undefined ? undefined : sessionEnded(stored['uid']);
}
