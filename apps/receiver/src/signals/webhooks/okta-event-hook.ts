import { isJsonObject, isName, type JsonObject } from '@revocast/denylist/replica';
import { accept, type ReadingContext, refuse } from '../reading.ts';
import type { Reading, Signal } from '../signal.ts';
import { type HookMeaning, passwordChange, signalOfHookEvent } from './hook-event.ts';
import { mostWebhookBytes, mostWebhookEvents, objectIn, readJsonBody } from './json-body.ts';

/** The event types of Okta's System Log that mean something here. */
const meanings: ReadonlyMap<unknown, HookMeaning> = new Map<unknown, HookMeaning>([
  ['user.session.end', { type: 'session-revoked', members: { initiating_entity: 'user' }, isWidened: true }],
  ['user.account.update_password', passwordChange],
  ['user.account.reset_password', passwordChange],
  ['user.lifecycle.suspend', { type: 'account-disabled' }],
  ['user.lifecycle.deactivate', { type: 'account-disabled' }],
  ['user.lifecycle.delete.initiated', { type: 'account-purged' }],
  ['user.lifecycle.unsuspend', { type: 'account-enabled' }],
  ['user.lifecycle.activate', { type: 'account-enabled' }],
]);

/** Reads the body of an Okta event hook. The caller has compared the secret of its header. */
export function readOktaEventHook(body: Uint8Array, context: ReadingContext): Reading {
  if (body.length > mostWebhookBytes) return refuse('too_large');
  const hook = readJsonBody(body);
  if (!isJsonObject(hook)) return refuse('malformed_body');
  const events = objectIn(hook, 'data')['events'];
  if (!Array.isArray(events) || events.length === 0) return refuse('malformed_body');
  if (events.length > mostWebhookEvents) return refuse('too_many');
  const signals: Signal[] = [];
  for (const event of events) {
    if (!isJsonObject(event) || !isName(event['uuid'])) return refuse('malformed_body');
    const { uuid: eventId, eventType, published: time } = event;
    const meaning = hasFailed(event) ? undefined : meanings.get(eventType);
    signals.push(signalOfHookEvent({ eventId, meaning, time, user: userOf(event) }, context));
  }
  return accept(signals);
}

/** An attempt that failed changed nothing. */
function hasFailed(event: JsonObject): boolean {
  const { result } = objectIn(event, 'outcome');
  return result !== undefined && result !== 'SUCCESS';
}

/** The id of the user whom the event is about: its target; for the end of a session, its actor. */
function userOf(event: JsonObject): unknown {
  const targets: readonly unknown[] = Array.isArray(event['target']) ? event['target'] : [];
  const user = targets.find((target): target is JsonObject => isJsonObject(target) && target['type'] === 'User');
  if (user !== undefined) return user['id'];
  const actor = objectIn(event, 'actor');
  return event['eventType'] === 'user.session.end' && actor['type'] === 'User' ? actor['id'] : undefined;
}

/** Longest challenge that is answered, in characters. */
const longestChallenge = 1024;

/**
 * The body of the answer to Okta's one-time verification request, a GET with the header `x-okta-verification-challenge`.
 * Undefined for a header that is no challenge.
 */
export function oktaChallengeAnswer(challenge: string | undefined): { readonly verification: string } | undefined {
  if (challenge === undefined || challenge === '' || challenge.length > longestChallenge) return undefined;
  return /^[\x21-\x7e]+$/.test(challenge) ? { verification: challenge } : undefined;
}
