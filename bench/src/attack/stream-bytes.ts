import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { requestText } from './request-text.ts';

// The bytes of docs/protocol.md, written here again: a stranger does not use the library of this repository.

/** The opening handshake of a stream (RFC 6455 §4.1). */
export function upgradeText(): string {
  return requestText({
    path: '/v1/stream',
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      'Sec-WebSocket-Protocol': 'revocast.v1',
    },
  });
}

/** A binary message of a client (RFC 6455 §5.2). The mask is zero, so that the bytes of the payload stay as they are. */
export function clientMessage(payload: Buffer): Buffer {
  const isLong = payload.byteLength > 125;
  const head = Buffer.alloc(isLong ? 8 : 6);
  head[0] = 0x82;
  head[1] = 0x80 | (isLong ? 126 : payload.byteLength);
  if (isLong) head.writeUInt16BE(payload.byteLength, 2);
  return Buffer.concat([head, payload]);
}

export interface JoinFields {
  readonly relay: boolean;
  readonly failOpen: boolean;
  readonly maxStalenessMs: number;
  readonly label: string;
}

export function joinFrame({ relay, failOpen, maxStalenessMs, label }: JoinFields): Buffer {
  const fields = Buffer.alloc(21);
  fields[0] = (relay ? 1 : 0) | (failOpen ? 2 : 0);
  fields.writeUInt32BE(maxStalenessMs, 1);
  return frame(65, [fields, labelAndIssuers(label)]);
}

export interface RowFields {
  /** 16 hex digits; zeros for the process that reports for itself. */
  readonly id: string;
  readonly failOpen: boolean;
  readonly maxStalenessMs: number;
  readonly label: string;
}

/** @param seq not 0: the sidecar answers once it counts these rows. */
export function reportFrame(rows: readonly RowFields[], seq = 0): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(seq);
  return frame(67, [head, ...rows.map(rowBytes)]);
}

function rowBytes({ id, failOpen, maxStalenessMs, label }: RowFields): Buffer {
  const fields = Buffer.alloc(21);
  fields.write(id, 0, 8, 'hex');
  fields[8] = failOpen ? 1 : 0;
  fields.writeUInt32BE(maxStalenessMs, 17);
  return Buffer.concat([fields, labelAndIssuers(label)]);
}

/** A label, and issuers that are not stated. */
function labelAndIssuers(label: string): Buffer {
  return Buffer.concat([Buffer.of(Buffer.byteLength(label)), Buffer.from(label), Buffer.of(255)]);
}

function frame(kind: number, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat([Buffer.of(1, kind), ...parts]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([content, checksum]);
}
