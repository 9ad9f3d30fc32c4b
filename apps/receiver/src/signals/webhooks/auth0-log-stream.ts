import { isJsonObject, isName, type JsonObject } from '@revocast/denylist/replica';
import { accept, type ReadingContext, refuse } from '../reading.ts';
import type { Reading, Signal } from '../signal.ts';
import { type HookMeaning, passwordChange, signalOfHookEvent } from './hook-event.ts';
import { mostWebhookBytes, mostWebhookEvents, objectIn, readJsonBody } from './json-body.ts';

/** The type codes of Auth0's log that mean something here. */
const meanings: ReadonlyMap<unknown, HookMeaning> = new Map<unknown, HookMeaning>([
  ['scp', passwordChange],
  ['sdu', { type: 'account-purged' }],
  // A logout ends one session, but its event names the user only: back-channel logout is exact.
  ['slo', { type: 'logout', isWidened: true, isOffByDefault: true }],
]);

/**
 * Reads the body of an Auth0 log stream: a list, one record a line, or one record. The caller has compared the secret of its
 * header.
 */
export function readAuth0Logs(body: Uint8Array, context: ReadingContext): Reading {
  if (body.length > mostWebhookBytes) return refuse('too_large');
  const records = recordsOf(body);
  if (records === undefined || records.length === 0) return refuse('malformed_body');
  if (records.length > mostWebhookEvents) return refuse('too_many');
  const signals: Signal[] = [];
  for (const record of records) {
    if (!isJsonObject(record)) return refuse('malformed_body');
    const data = objectIn(record, 'data');
    const eventId = record['log_id'] ?? data['log_id'];
    if (!isName(eventId)) return refuse('malformed_body');
    const { date: time, type } = data;
    const change = type === 'sapi' ? accountChangeOf(data) : undefined;
    const meaning = change === undefined ? meanings.get(type) : change.meaning;
    // `user_id` of a call of the Management API is the administrator.
    const user = change === undefined ? data['user_id'] : change.user;
    signals.push(signalOfHookEvent({ eventId, meaning, time, user }, context));
  }
  return accept(signals);
}

function recordsOf(body: Uint8Array): readonly unknown[] | undefined {
  const whole = readJsonBody(body);
  if (Array.isArray(whole)) return whole;
  if (whole !== undefined) return [whole];
  const records: unknown[] = [];
  for (const line of Buffer.from(body).toString('utf8').split('\n')) {
    if (line.trim() === '') continue;
    const record = readJsonBody(Buffer.from(line));
    // The first line that is no JSON is enough: each failed parse costs as much as many records.
    if (record === undefined || records.length > mostWebhookEvents) return undefined;
    records.push(record);
  }
  return records;
}

/** A call of the Management API that blocks or unblocks a user: `PATCH /api/v2/users/{id}` with `blocked`. */
function accountChangeOf(
  data: JsonObject,
): { readonly meaning: HookMeaning; readonly user: string | undefined } | undefined {
  const request = objectIn(objectIn(data, 'details'), 'request');
  const { method, path } = request;
  const { blocked } = objectIn(request, 'body');
  if (typeof blocked !== 'boolean' || typeof path !== 'string' || String(method).toLowerCase() !== 'patch') {
    return undefined;
  }
  const [, user] = /^\/api\/v2\/users\/([^/?]+)$/.exec(path) ?? [];
  if (user === undefined) return undefined;
  return { meaning: { type: blocked ? 'account-disabled' : 'account-enabled' }, user: decoded(user) };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
