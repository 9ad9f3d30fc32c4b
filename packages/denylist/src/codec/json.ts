/** A JSON object of which no member has been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns the JSON value in a text, or in UTF-8 bytes; undefined when there is none. Never throws. */
export function parseJson(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** @returns the JSON object in a text, or in UTF-8 bytes; undefined when there is none. Never throws. */
export function parseJsonObject(text: string | Uint8Array): JsonObject | undefined {
  const value = parseJson(text);
  return isJsonObject(value) ? value : undefined;
}

/**
 * Opens a JSON body whose member `v` is the version of its format.
 *
 * @returns what is wrong, for the sender, when the body cannot be read.
 */
export function readVersioned(text: string, version: number): JsonObject | string {
  const fields = parseJsonObject(text);
  if (fields === undefined) return 'expected a JSON object';
  return fields['v'] === version ? fields : `v: expected version ${version}`;
}
