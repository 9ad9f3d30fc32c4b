import { isJsonObject, type JsonObject } from '@revocast/denylist/replica';

/** Longest body of a webhook, in bytes: senders put many events into one. */
export const mostWebhookBytes = 1_048_576;
export const mostWebhookEvents = 1000;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The JSON value in a body; undefined when there is none. Never throws. */
export function readJsonBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    return undefined;
  }
}

/** The object in a member of an object; an empty one when there is none, so that a path can be followed. */
export function objectIn(value: JsonObject, member: string): JsonObject {
  const found = Object.hasOwn(value, member) ? value[member] : undefined;
  return isJsonObject(found) ? found : {};
}
