/** A JSON object from somebody else, of which only the version has been looked at. */
export type VersionedFields = Readonly<Record<string, unknown>>;

/**
 * Opens a body of ours: a JSON object whose `v` says how to read the rest.
 *
 * @returns what is wrong, in words for the caller, when it is none.
 */
export function readVersioned(text: string, version: number): VersionedFields | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'expected JSON';
  }
  if (!isObject(parsed)) return 'expected a JSON object';
  return parsed['v'] === version ? parsed : `expected version ${version}`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
