import { createHash } from 'node:crypto';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import { reasonOf } from './reason-of.ts';
import { currentRequest } from './requests.ts';

/** Neither sessions nor grants use an id again, so each ends once, however often its end is reported. */
export type EndEvent = LifecycleEvent & { readonly id: string };

export function grantRevoked(grant: string): EndEvent {
  const request = currentRequest();
  return { type: 'grant_revoked', grant, reason: request && reasonOf(request.context), id: `grant:${digestOf(grant)}` };
}

/** @param session a value of the claim `sid`. */
export function sessionEnded(session: string): EndEvent {
  return { type: 'session_ended', session, id: `session:${digestOf(session)}` };
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
