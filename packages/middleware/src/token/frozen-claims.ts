import { isJsonObject, type JsonObject } from './json.ts';

export type { JsonObject } from './json.ts';

/** Freezes claims at every depth: they are shared by all requests that bring the same token. Depth was bounded on parsing. */
export function freezeDeeply(claims: JsonObject): JsonObject {
  for (const value of Object.values(claims)) freezeValue(value);
  return Object.freeze(claims);
}

function freezeValue(value: unknown): void {
  if (isJsonObject(value)) freezeDeeply(value);
  else if (Array.isArray(value)) {
    for (const item of value) freezeValue(item);
    Object.freeze(value);
  }
}
