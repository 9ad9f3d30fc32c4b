/** A parsed JSON object: own members only, none named `__proto__`, none twice. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting of objects and arrays that is read. */
export const maxJsonDepth = 32;

/** Whether a value is a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a member is absent. Serializers of some issuers write `null` for what they do not have. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

// ignoreBOM keeps a byte order mark in the text, where JSON.parse refuses it (RFC 8259 §8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON object strictly, so that every reader of the same bytes finds the same members.
 *
 * @param bytes the caller has bounded their length.
 * @returns undefined for anything but one well-formed object: invalid UTF-8, a member that occurs twice at any depth (RFC
 * 7515 §4 and RFC 7519 §4 allow rejection; `"a"` and `"\u0061"` are the same name), a member named `__proto__`, nesting
 * deeper than {@link maxJsonDepth}. Never throws.
 */
export function readJsonObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    // JSON.parse keeps one member of a repeated name, so the counts differ.
    return isJsonObject(value) && countMembers(value, 1) === countNames(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

const lenientUtf8 = new TextDecoder();

/**
 * Reads the JSON object that an issuer publishes, as any client of it does: a byte order mark is skipped, and of a repeated
 * member the last counts (RFC 7517 §4 permits it). No attacker chooses these bytes, and the operator of an API cannot change
 * them, so that a strict reading would protect nothing. Tokens are read with {@link readJsonObject}.
 *
 * @param bytes the caller has bounded their length.
 * @returns undefined for anything but a JSON object. Never throws.
 */
export function readPublishedObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(lenientUtf8.decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Counts the members at all depths. NaN, which equals no count, when one is too deep or is named `__proto__`. */
function countMembers(value: object, depth: number): number {
  if (depth > maxJsonDepth || Object.hasOwn(value, '__proto__')) return Number.NaN;
  const members: readonly unknown[] = Object.values(value);
  let count = Array.isArray(value) ? 0 : members.length;
  for (const member of members) {
    if (typeof member === 'object' && member !== null) count += countMembers(member, depth + 1);
  }
  return count;
}

const quote = '"';
const backslash = 0x5c;

/** Counts the member names in text that JSON.parse has accepted: the strings before a colon. */
function countNames(text: string): number {
  let count = 0;
  let start = text.indexOf(quote);
  while (start !== -1) {
    const end = endOfString(text, start);
    if (isBeforeColon(text, end)) count += 1;
    start = text.indexOf(quote, end);
  }
  return count;
}

/** Returns the position after the closing quote: the first quote after an even number of backslashes. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf(quote, start + 1);
  while (isEscaped(text, end)) end = text.indexOf(quote, end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === backslash) first -= 1;
  return (at - first) % 2 === 1;
}

function isBeforeColon(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return text.charCodeAt(at) === 0x3a;
}

/** Freezes at every depth: claims are shared by all requests with the same token. Parsing has bounded the depth. */
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
