import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MessageReader } from '../../../../src/http/client/web-socket/message-reader.ts';

const maxBytes = 70_000;

/** A frame of a server. */
function frameOf(first: number, data: Uint8Array): Buffer {
  const { byteLength } = data;
  const header =
    byteLength < 126
      ? Buffer.of(first, byteLength)
      : byteLength < 65_536
        ? Buffer.of(first, 126, byteLength >> 8, byteLength & 0xff)
        : Buffer.of(first, 127, 0, 0, 0, 0, 0, byteLength >> 16, (byteLength >> 8) & 0xff, byteLength & 0xff);
  return Buffer.concat([header, data]);
}

/** What was read. Each entry is copied, because the bytes are valid only during the call. */
function read(chunks: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  const reader = new MessageReader(maxBytes, {
    message: (data) => seen.push(`message ${data.toString('hex')}`),
    ping: (data) => seen.push(`ping ${data.toString('hex')}`),
    close: (code, reason) => seen.push(`close ${code} ${reason}`),
  });
  // In memory that is overwritten afterwards, as that of a socket is.
  for (const chunk of chunks) {
    const memory = Buffer.from(chunk);
    reader.add(memory);
    memory.fill(0xff);
  }
  return seen;
}

describe('the messages of a server', () => {
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.integer({ min: 65_534, max: 65_537 }).map((length) => new Uint8Array(length).fill(7)),
  );
  const ping = fc.uint8Array({ maxLength: 125 }).map((bytes) => ({ kind: 'ping' as const, bytes }));
  const message = data.map((bytes) => ({ kind: 'message' as const, bytes }));
  const inParts = fc
    .tuple(fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 2, maxLength: 4 }), fc.uint8Array({ maxLength: 9 }))
    .map(([parts, between]) => ({ kind: 'parts' as const, parts, between }));
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  it('are the same however the bytes are divided, with pings between the parts of one', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(fc.array(fc.oneof(message, message, ping, inParts), { maxLength: 6 }), cuts, (sent, sizes) => {
        const frames = sent.flatMap((one) => {
          if (one.kind === 'ping') return [frameOf(0x89, one.bytes)];
          if (one.kind === 'message') return [frameOf(0x82, one.bytes)];
          const last = one.parts.length - 1;
          return one.parts.flatMap((part, index) => [
            frameOf((index === 0 ? 2 : 0) | (index === last ? 0x80 : 0), part),
            ...(index === 0 ? [frameOf(0x89, one.between)] : []),
          ]);
        });
        const expected = sent.flatMap((one) => {
          if (one.kind !== 'parts') return [`${one.kind} ${hex(one.bytes)}`];
          return [`ping ${hex(one.between)}`, `message ${hex(Buffer.concat(one.parts))}`];
        });
        const bytes = Buffer.concat(frames);
        const chunks: Buffer[] = [];
        for (let at = 0, cut = 0; at < bytes.byteLength; cut++) {
          // Most sizes are small; large messages come in larger chunks, so that a run stays short.
          const size = sizes[cut % sizes.length]! * (bytes.byteLength > 10_000 ? 100 : 1);
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(read(chunks)).toEqual(expected);
        expect(read([bytes])).toEqual(expected);
      }),
    );
  });

  it.each([
    ['a code and a reason', Buffer.concat([Buffer.of(0x0f, 0xa0), Buffer.from('gone')]), 'close 4000 gone'],
    ['nothing', Buffer.alloc(0), 'close 1005 '],
  ])('end with a close frame that has %s', (_, data_, expected) => {
    const bytes = Buffer.concat([frameOf(0x88, data_), frameOf(0x82, Buffer.of(1))]);
    expect(read([bytes, frameOf(0x82, Buffer.of(2))])).toEqual([expected]);
  });
});

describe('bytes that are no message for a client', () => {
  it.each([
    ['a reserved opcode', Buffer.of(0x83, 0)],
    ['a reserved control opcode', Buffer.of(0x8b, 0)],
    ['a reserved bit', Buffer.of(0xc2, 0)],
    ['a masked frame', Buffer.of(0x82, 0x80, 0, 0, 0, 0)],
    ['a text message', Buffer.of(0x81, 1, 0x61)],
    ['a control frame in parts', Buffer.of(0x09, 0)],
    ['a long control frame', Buffer.of(0x89, 126, 0, 126)],
    ['a part without a beginning', Buffer.of(0x80, 0)],
    ['a message within another one', Buffer.of(0x02, 0, 0x82, 0)],
    ['half a close code', Buffer.of(0x88, 1, 3)],
    // Only the header has come: no memory is used for such a message.
    ['a message that is too long', Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71)],
    ['a message longer than any number', Buffer.of(0x82, 127, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)],
    [
      'parts that are too long together',
      Buffer.concat([frameOf(0x02, Buffer.alloc(60_000)), Buffer.of(0x00, 126, 0x27, 0x11)]),
    ],
    ['more parts than a proxy makes', Buffer.concat([Buffer.of(0x02, 0), Buffer.alloc(2 * 1024)])],
  ])('are refused: %s', (_, bytes) => {
    expect(() => read([bytes])).toThrow(expect.objectContaining({ name: 'MessageError' }));
  });

  it('are not refused at the limits', () => {
    const message = Buffer.concat([Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70), Buffer.alloc(maxBytes)]);
    const parts = Buffer.concat([Buffer.of(0x02, 0), Buffer.alloc(2 * 1022), Buffer.of(0x80, 0)]);
    expect(read([message]).map((text) => text.slice(0, 7))).toEqual(['message']);
    expect(read([parts])).toEqual(['message ']);
  });
});
