import { crc32 } from 'node:zlib';
import { decodeEvent, encodeRuleEvent } from '../../codec/event.ts';
import { parseJson, parseJsonObject } from '../../codec/json.ts';
import { bytesOfRows, rowBytes, wordsOfRows } from '../../codec/rows.ts';
import { digestScheme } from '../../rules/digest.ts';
import { slotWords } from '../../table/rule-segment.ts';
import { emptyState, type LogState, type StoredEntry } from '../memory/log-state.ts';

// A log file, all numbers big-endian:
//
//   0  "RVCL"   4  version (u8)   5  digest scheme (u8)   6  reserved (u16)   8  frames without end
//
// A frame is: length of the payload (u32), CRC-32 of it (u32), payload. The first byte of a payload says what it is:
//
//   h  JSON: epoch, seq, rows, inode, maxTokenLifetimeSeconds; once, first
//   r  rows of 32 bytes, the rules when the file was begun         i  JSON: [[event id, seq, logged at (ms), what it stands for], …]
//   e  an event as in codec/event.ts                               c  JSON: healingMs; last, written on closing

const fileVersion = 1;
const magic = 'RVCL';
const preambleBytes = 8;
const frameHeaderBytes = 8;
const idsPerFrame = 1000;
/** No frame is larger. A larger number in the place of a length is damage. */
const maxFrameBytes = 1 << 20;
/** A crash cuts at most one batch of entries. */
const maxTornBytes = 256 * 1024;

export interface FileHeader {
  /** 16 hex digits. */
  readonly epoch: string;
  readonly seq: number;
  /** Number of rules that follow. Fewer mean that the file was cut. */
  readonly rows: number;
  /** The inode of the file in which this header was written. */
  readonly inode: string;
  readonly maxTokenLifetimeSeconds: number;
}

export interface DecodedFile {
  readonly header: FileHeader;
  readonly state: LogState;
  /** How long the log still had to heal when it was closed in order; undefined when it was not closed in order. */
  readonly closed: { readonly healingMs: number } | undefined;
  /** Bytes at the end that are not a whole frame: the last write was incomplete. */
  readonly tornBytes: number;
}

/** The beginning of a file, with the whole `state`, in parts. */
export function* encodeFile(header: Omit<FileHeader, 'seq' | 'rows'>, state: LogState): Generator<Uint8Array> {
  const { seq, table } = state;
  const preamble = Buffer.alloc(preambleBytes);
  preamble.write(magic, 'latin1');
  preamble.writeUInt8(fileVersion, 4);
  preamble.writeUInt8(digestScheme, 5);
  yield preamble;
  yield frame('h', Buffer.from(JSON.stringify({ ...header, seq, rows: table.size })));
  for (const words of table.snapshot().chunks()) yield frame('r', bytesOfRows(words));
  const ids = [...state.ids].map(([id, { seq, loggedAtMs, fingerprint }]) => [id, seq, loggedAtMs, fingerprint]);
  for (let from = 0; from < ids.length; from += idsPerFrame) {
    yield frame('i', Buffer.from(JSON.stringify(ids.slice(from, from + idsPerFrame))));
  }
}

export function encodeEntries(entries: readonly StoredEntry[]): Uint8Array {
  return Buffer.concat(
    entries.map(({ seq, change: { details, ...change }, fingerprint }) =>
      frame('e', Buffer.from(encodeRuleEvent(seq, { ...change, details: details && { ...details, fingerprint } }))),
    ),
  );
}

export function encodeClosing(healingMs: number): Uint8Array {
  return frame('c', Buffer.from(JSON.stringify({ healingMs })));
}

function frame(kind: string, body: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(frameHeaderBytes + 1 + body.byteLength);
  bytes.write(kind, frameHeaderBytes, 'latin1');
  bytes.set(body, frameHeaderBytes + 1);
  bytes.writeUInt32BE(1 + body.byteLength, 0);
  bytes.writeUInt32BE(crc32(bytes.subarray(frameHeaderBytes)), 4);
  return bytes;
}

/** @returns why the file is refused, as the end of "the log file …", when it may not be a complete revocation log. */
export function decodeFile(bytes: Buffer): DecodedFile | string {
  if (bytes.byteLength === 0) return 'is empty: delete it to start a new log';
  if (bytes.toString('latin1', 0, 4) !== magic) return 'is not a revocation log: name another path';
  const [version = fileVersion, scheme = digestScheme] = bytes.subarray(4, 6);
  if (version > fileVersion) {
    return `has version ${version}, but this program reads versions up to ${fileVersion}: upgrade it`;
  }
  if (version < fileVersion) return `has version ${version}, which was never released: delete it to start a new log`;
  if (scheme !== digestScheme) {
    return `has digest scheme ${scheme}, but this program reads ${digestScheme}: upgrade it`;
  }
  let at = preambleBytes;
  const state = emptyState();
  let header: FileHeader | undefined;
  let rows = 0;
  let closed: { healingMs: number } | undefined;
  while (at < bytes.byteLength) {
    const payload = payloadAt(bytes, at);
    if (payload === undefined) {
      if (bytes.byteLength - at > maxTornBytes || followedByFrame(bytes, at)) return damaged(at, bytes);
      break;
    }
    const kind = payload.toString('latin1', 0, 1);
    const body = payload.subarray(1);
    if (header === undefined) {
      header = kind === 'h' ? decodeHeader(body) : undefined;
      if (header === undefined) return damaged(at, bytes);
      state.seq = header.seq;
    } else {
      closed = kind === 'c' ? decodeClosing(body) : undefined;
      if (closed === undefined && !frameReaders[kind]?.(body, state)) return damaged(at, bytes);
      if (kind === 'r') rows += body.byteLength / rowBytes;
    }
    at += frameHeaderBytes + payload.byteLength;
  }
  // The header is durable before the file gets its name, so a crash cannot have cut it.
  if (header === undefined) return 'was cut within its header: restore it, or delete it to start a new log';
  if (rows < header.rows) return damaged(at, bytes);
  return { header, state, closed, tornBytes: Math.max(0, bytes.byteLength - at) };
}

const damaged = (at: number, bytes: Buffer) =>
  `is damaged at byte ${at} of ${bytes.byteLength}: restore it, or delete it to start a new log`;

function payloadAt(bytes: Buffer, at: number): Buffer | undefined {
  if (at + frameHeaderBytes > bytes.byteLength) return undefined;
  const length = bytes.readUInt32BE(at);
  const from = at + frameHeaderBytes;
  if (length === 0 || length > maxFrameBytes || from + length > bytes.byteLength) return undefined;
  const payload = bytes.subarray(from, from + length);
  return crc32(payload) === bytes.readUInt32BE(at + 4) ? payload : undefined;
}

/** Whether a whole frame follows a damaged one. A crash does not cause that, and acknowledged entries follow the damage. */
function followedByFrame(bytes: Buffer, broken: number): boolean {
  for (let at = broken + 1; at + frameHeaderBytes < bytes.byteLength; at += 1) {
    if (payloadAt(bytes, at) !== undefined) return true;
  }
  return false;
}

/** By kind of the frame: reads its body into the state. False when the body is damaged. */
const frameReaders: Readonly<Record<string, (body: Buffer, state: LogState) => boolean>> = {
  r: readRows,
  i: readIds,
  e: readEvent,
};

function readRows(body: Buffer, { table }: LogState): boolean {
  if (body.byteLength % rowBytes !== 0) return false;
  const page = table.takePage(wordsOfRows(body));
  for (let at = 0; at < body.byteLength / 4; at += slotWords) at = table.insertRows(page, at, body.byteLength);
  return true;
}

function readIds(body: Buffer, state: LogState): boolean {
  const ids = parseJson(body);
  if (!Array.isArray(ids)) return false;
  for (const known of ids) {
    const [id, seq, loggedAtMs, fingerprint]: unknown[] = Array.isArray(known) ? known : [];
    if (typeof id !== 'string' || typeof seq !== 'number' || typeof loggedAtMs !== 'number') return false;
    state.ids.set(id, { seq, loggedAtMs, fingerprint: typeof fingerprint === 'string' ? fingerprint : undefined });
  }
  return true;
}

function readEvent(body: Buffer, state: LogState): boolean {
  const event = decodeEvent(body.toString('utf8'));
  // Entries are numbered without a gap: a missing entry was acknowledged and is lost.
  if (event?.kind !== 'rule' || event.seq !== state.seq + 1 || event.loggedAtMs === undefined) return false;
  const { digest, rule, details, loggedAtMs, seq } = event;
  state.seq = seq;
  state.table.set(digest, rule);
  if (details !== undefined && details.kind !== 'reseed') {
    state.ids.set(details.id, { seq, loggedAtMs, fingerprint: details.fingerprint });
  }
  return true;
}

function decodeHeader(body: Buffer): FileHeader | undefined {
  const { epoch, seq, rows, inode, maxTokenLifetimeSeconds } = parseJsonObject(body) ?? {};
  if (typeof epoch !== 'string' || !/^[0-9a-f]{16}$/.test(epoch) || typeof inode !== 'string') return undefined;
  if (!isCount(seq) || !isCount(rows) || !isCount(maxTokenLifetimeSeconds)) return undefined;
  return { epoch, seq, rows, inode, maxTokenLifetimeSeconds };
}

function decodeClosing(body: Buffer): { healingMs: number } | undefined {
  const { healingMs } = parseJsonObject(body) ?? {};
  return isCount(healingMs) ? { healingMs } : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
