import { isJsonObject } from '@revocast/denylist/replica';

const mostTokens = 32;

/** The parts of a JSON pointer (RFC 6901 §3, §4); undefined for a text that is none. */
export function parsePointer(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  const tokens = pointer.slice(1).split('/');
  if (tokens.length > mostTokens) return undefined;
  // RFC 6901 §4: `~1` first, so that `~01` becomes `~1`.
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value that a pointer names; undefined when there is none, or when the text is no pointer. Own members only. */
export function valueAt(document: unknown, pointer: string): unknown {
  const tokens = parsePointer(pointer);
  if (tokens === undefined) return undefined;
  let value = document;
  for (const token of tokens) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d{0,5})$/.test(token) ? value[Number(token)] : undefined;
    else if (isJsonObject(value) && Object.hasOwn(value, token)) value = value[token];
    else return undefined;
  }
  return value;
}
