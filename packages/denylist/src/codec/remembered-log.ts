import { isIdentity } from '../log/expect-log.ts';
import type { RememberedEntry, RememberedLog } from '../replication/log-memory.ts';
import { isJsonObject, readVersioned } from './json.ts';

// What a sidecar remembers of its log between two runs:
//
//   {"v":1,"epoch":"…","identity":"…","position":{"cursor":"…","head":"…"},"earlier":{…},"rule":{"seq":5,"cursor":"…","head":"…"}}
//
// `identity`, `earlier` and `rule` may be absent.

export const rememberedLogVersion = 1;
/** Characters of such a text; about 500 are needed. */
export const maxRememberedLogLength = 4096;

const hex16 = /^[0-9a-f]{16}$/;
const cursorForm = /^\d{1,20}-\d{1,20}$/;

export function encodeRememberedLog({ epoch, identity, position, earlier, rule }: RememberedLog): string {
  return JSON.stringify({ v: rememberedLogVersion, epoch, identity, position, earlier, rule });
}

/** @returns what is wrong when the text cannot be read. */
export function decodeRememberedLog(text: string): RememberedLog | string {
  if (text.length > maxRememberedLogLength) return `expected at most ${maxRememberedLogLength} characters`;
  const fields = readVersioned(text, rememberedLogVersion);
  if (typeof fields === 'string') return fields;
  const { epoch, identity } = fields;
  const position = readMark(fields['position']);
  const earlier = readMark(fields['earlier']);
  const rule = readEntry(fields['rule']);
  if (typeof epoch !== 'string' || !hex16.test(epoch)) return 'epoch: expected 16 hex digits';
  if (identity !== undefined && !isIdentity(identity)) return 'identity: expected 16 hex digits';
  if (position === undefined) return 'position: expected a cursor and a head';
  if (fields['earlier'] !== undefined && earlier === undefined) return 'earlier: expected a cursor and a head';
  if (fields['rule'] !== undefined && rule === undefined) return 'rule: expected a number, a cursor and a head';
  return { epoch, identity, position, earlier, rule };
}

function readMark(value: unknown): RememberedLog['position'] | undefined {
  const { cursor, head } = isJsonObject(value) ? value : {};
  if (typeof cursor !== 'string' || !cursorForm.test(cursor)) return undefined;
  return typeof head === 'string' && hex16.test(head) ? { cursor, head } : undefined;
}

function readEntry(value: unknown): RememberedEntry | undefined {
  const mark = readMark(value);
  const seq = isJsonObject(value) ? value['seq'] : undefined;
  if (mark === undefined || typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return undefined;
  return { seq, ...mark };
}
