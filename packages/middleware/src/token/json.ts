/** A JSON object as parsed: own members only, none of them named `__proto__`, none of them twice. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting of objects and arrays that is read. */
export const maxJsonDepth = 32;

/**
 * Says whether a value is a JSON object: neither null nor an array.
 */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// ignoreBOM keeps a byte order mark in the text, where JSON.parse refuses it (RFC 8259 §8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON object strictly, so that no two readers of the same bytes can see different members.
 *
 * @param bytes already bounded in size by the caller.
 * @returns undefined for anything but one well-formed object: invalid UTF-8, a member named twice at any depth (RFC
 * 7515 §4, RFC 7519 §4 allow refusing; `"a"` and `"\u0061"` are the same name), a member named `__proto__`, nesting
 * deeper than {@link maxJsonDepth}. Never throws.
 */
export function readJsonObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) && hasPlainMembers(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

const quote = 0x22;
const backslash = 0x5c;

/**
 * Walks text that JSON.parse has accepted, once, from left to right, and looks at nothing but strings and brackets.
 * A string is a member name exactly when the next character after it and white space is a colon.
 */
function hasPlainMembers(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) {
      if (open.length === maxJsonDepth) return false;
      open.push(code === 0x7b ? new Set() : undefined);
    } else if (code === 0x7d || code === 0x5d) {
      open.pop();
    } else if (code === quote) {
      const end = endOfString(text, at);
      const members = open.at(-1);
      if (members !== undefined && isMemberName(text, end)) {
        const name = memberName(text.slice(at, end));
        if (name === '__proto__' || members.has(name)) return false;
        members.add(name);
      }
      at = end - 1;
    }
  }
  return true;
}

/** Returns the position behind the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at + 1;
}

function isMemberName(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return text.charCodeAt(at) === 0x3a;
}

function memberName(literal: string): string {
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1);
}
