import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundLabel, maxLabelBytes } from '../../../../src/codec/label.ts';
import { ChangesWriter } from '../../../../src/http/wire/frames/changes.ts';
import { decodeDown, encodeDown } from '../../../../src/http/wire/frames/down.ts';
import {
  FrameError,
  frameChecksumBytes,
  maxDownFrameBytes,
  maxUpFrameBytes,
} from '../../../../src/http/wire/frames/frame.ts';
import { FrameWriter } from '../../../../src/http/wire/frames/frame-writer.ts';
import { maxMessageHeaderBytes, messageOf } from '../../../../src/http/wire/frames/message.ts';
import { maxReportRowBytes } from '../../../../src/http/wire/frames/report.ts';
import { decodeUp, type UpFrame } from '../../../../src/http/wire/frames/up.ts';
import { splitUsage } from '../../../../src/http/wire/frames/usage.ts';
import { maxReportDigests } from '../../../../src/log/usage.ts';
import { emptyRule, forEver } from '../../../../src/rules/rule.ts';
import { arbitraryDown, arbitraryUp, bytesOf, downExamples, upExamples } from './examples.ts';

/** The bytes of every example by its name. They are the wire between versions during a roll-out. */
const golden = Object.fromEntries(
  readFileSync(new URL('./frames-v1.hex', import.meta.url), 'utf8')
    .split(/^# /m)
    .slice(1)
    .map((part) => {
      const [name = '', ...lines] = part.split('\n');
      return [name, lines.join('')];
    }),
);

const withChecksum = (bytes: Uint8Array): Buffer => {
  const frame = Buffer.concat([bytes, Buffer.alloc(4)]);
  frame.writeUInt32BE(crc32(bytes), bytes.byteLength);
  return frame;
};
/** The code of the error with which a frame is refused; `undefined` when it is read. */
const refusal = (decode: (frame: Buffer) => unknown, frame: Uint8Array): string | undefined => {
  try {
    decode(Buffer.from(frame));
    return undefined;
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
};

describe('every frame', () => {
  it('is these bytes', () => {
    const written = Object.entries({ ...downExamples, ...upExamples }).map(([name, frame]) => [
      name,
      bytesOf(frame).toString('hex'),
    ]);
    expect(Object.fromEntries(written)).toEqual(golden);
  });

  it.each(Object.entries(downExamples))('is read from its bytes: %s', (name, frame) => {
    expect(decodeDown(Buffer.from(golden[name] ?? '', 'hex'))).toEqual(frame);
  });

  it.each(Object.entries(upExamples))('is read from its bytes: %s', (name, frame) => {
    expect(decodeUp(Buffer.from(golden[name] ?? '', 'hex'))).toEqual(frame);
  });

  it('reads as what was written', () => {
    fc.assert(fc.property(arbitraryDown, (frame) => expect(decodeDown(bytesOf(frame))).toEqual(frame)));
    fc.assert(fc.property(arbitraryUp, (frame) => expect(decodeUp(bytesOf(frame))).toEqual(frame)));
  });

  it.each([60_000, 60_001])('has a bound for how long a replica may be fresh: %d ms', (maxStalenessMs) => {
    const replica = { failOpen: false, hasLookUp: false, maxStalenessMs, label: '' };
    const frames: UpFrame[] = [
      { kind: 'join', relay: false, ...replica },
      { kind: 'report', seq: 0, rows: [replica] },
    ];
    const expected = maxStalenessMs > 60_000 ? 'malformed' : undefined;
    expect(frames.map((frame) => refusal(decodeUp, bytesOf(frame)))).toEqual([expected, expected]);
  });

  it('is refused with any one bit flipped, as damage and not as another version', () => {
    for (const [decode, examples] of [
      [decodeDown, downExamples],
      [decodeUp, upExamples],
    ] as const) {
      for (const frame of Object.values(examples)) {
        const bytes = bytesOf(frame);
        for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
          const damaged = Buffer.from(bytes);
          damaged[bit >> 3]! ^= 1 << (bit & 7);
          expect({ kind: frame.kind, bit, refusal: refusal(decode, damaged) }).toMatchObject({ refusal: 'checksum' });
        }
      }
    }
  });

  it('is refused when it is cut anywhere', () => {
    for (const frame of Object.values(downExamples)) {
      const bytes = bytesOf(frame);
      for (let length = 0; length < bytes.byteLength; length++) {
        const expected = length < 6 ? 'too_short' : 'checksum';
        expect({ length, refusal: refusal(decodeDown, bytes.subarray(0, length)) }).toEqual({
          length,
          refusal: expected,
        });
      }
    }
  });

  it('is refused with a FrameError and nothing else, whatever its bytes are', () => {
    const kind = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(kind, fc.uint8Array({ maxLength: 300 }), (byte, rest) => {
        const frame = withChecksum(Uint8Array.of(1, byte, ...rest));
        expect([undefined, 'malformed']).toContain(refusal(decodeDown, frame));
        expect([undefined, 'malformed']).toContain(refusal(decodeUp, frame));
      }),
      { numRuns: 2000 },
    );
  });

  it('of another version names it', () => {
    const frame = withChecksum(Uint8Array.of(2, 5));
    expect(() => decodeDown(frame)).toThrow(
      expect.objectContaining({ code: 'version', message: expect.stringContaining('found 2') }),
    );
  });

  it('of an unknown kind is read as such, and fields of a later version are ignored', () => {
    expect(decodeDown(withChecksum(Uint8Array.of(1, 63, 1, 2, 3)))).toEqual({ kind: 'unknown' });
    expect(decodeUp(withChecksum(Uint8Array.of(1, 127)))).toEqual({ kind: 'unknown' });
    for (const name of ['welcome', 'heartbeat', 'answer', 'goodbye']) {
      const longer = withChecksum(Buffer.concat([bytesOf(downExamples[name]!).subarray(0, -4), Buffer.of(1, 2)]));
      expect(decodeDown(longer)).toEqual(downExamples[name]);
    }
  });

  it('in the wrong direction is of an unknown kind', () => {
    for (const frame of Object.values(upExamples)) expect(decodeDown(bytesOf(frame))).toEqual({ kind: 'unknown' });
    for (const frame of Object.values(downExamples)) expect(decodeUp(bytesOf(frame))).toEqual({ kind: 'unknown' });
  });

  it.each([
    ['up', decodeUp, maxUpFrameBytes],
    ['down', decodeDown, maxDownFrameBytes],
  ] as const)('%s has a greatest length', (_, decode, maxBytes) => {
    const frame = (bytes: number) => withChecksum(Buffer.concat([Buffer.of(1, 60), Buffer.alloc(bytes - 6)]));
    expect(refusal(decode, frame(maxBytes))).toBeUndefined();
    expect(refusal(decode, frame(maxBytes + 1))).toBe('too_long');
  });
});

describe('the fields of a frame', () => {
  it.each([
    ['changes without a change', [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['a number above 2^53', [1, 66, 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a label of 129 bytes', [1, 65, 0, ...new Array(20).fill(0), 129, ...new Array(129).fill(65)]],
    ['seventeen issuers', [1, 65, 0, ...new Array(20).fill(0), 0, 17, ...new Array(17 * 8).fill(65)]],
    ['a class with a name that is no name', [1, 68, 0, 0, 0, 1, 0, 0, 1, 32, 0, 0]],
    [
      'a heartbeat without a number for its proof',
      [1, 3, ...new Array(8).fill(0), 0x7f, 0xf8, ...new Array(38).fill(0)],
    ],
  ])('cannot be %s', (_, bytes) => {
    const frame = withChecksum(Uint8Array.from(bytes));
    expect([refusal(decodeDown, frame), refusal(decodeUp, frame)]).toContain('malformed');
  });

  it('hold details that are JSON of ours', () => {
    const [, change] = bytesOf({
      kind: 'changes',
      first: 1,
      changes: [{ digest: new Uint32Array(4), rule: emptyRule, details: { id: 'abc', kind: 'revoke' } }],
    })
      .toString('latin1')
      .split('{"id"');
    expect(change).toBeDefined();
    for (const broken of ['{"id":"abc","kind":"revok', '[]', '{"no":"id"}']) {
      const bytes = Buffer.concat([
        Buffer.of(1, 2),
        Buffer.alloc(8 + 32 + 16),
        Buffer.of(0, broken.length),
        Buffer.from(broken),
      ]);
      expect({ broken, refusal: refusal(decodeDown, withChecksum(bytes)) }).toEqual({ broken, refusal: 'malformed' });
    }
  });

  it('hold a label of at most 128 bytes, cut between two characters and without control characters', () => {
    expect(boundLabel('é'.repeat(100))).toBe('é'.repeat(64));
    expect(boundLabel('🙂'.repeat(40))).toBe('🙂'.repeat(32));
    expect(boundLabel('a\u001b[31m\u202eb\n')).toBe('a?[31m?b?');
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'é', '🙂', '\n', '\ud83d', '\u202e'), maxLength: 200 }),
        (text) => {
          expect(Buffer.byteLength(boundLabel(text))).toBeLessThanOrEqual(maxLabelBytes);
          expect(boundLabel(boundLabel(text))).toBe(boundLabel(text));
        },
      ),
    );
  });

  it('hold a whole usage report in a few frames', () => {
    const digestOfNumber = (value: number) => {
      const bytes = Buffer.alloc(16);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64url');
    };
    const subjects = Array.from({ length: maxReportDigests / 2 }, (_, index) => digestOfNumber(index));
    const classes = Array.from({ length: 22 }, (_, index) => 'c'.repeat(63) + String.fromCharCode(97 + index));
    const tokens = Object.fromEntries(
      classes.map((name, at) => [name, Array.from({ length: 186 }, (_, index) => digestOfNumber(at * 1000 + index))]),
    );
    const parts = splitUsage({ subjects, tokens });
    const read = parts.map((report) => {
      const frame = decodeUp(bytesOf({ kind: 'usage', seq: 1, report }));
      if (frame.kind !== 'usage') throw new Error('expected a usage frame');
      return frame.report;
    });
    expect(parts).toHaveLength(3);
    expect(read.flatMap((report) => report.subjects)).toEqual(subjects);
    for (const name of classes) expect(read.flatMap((report) => report.tokens[name] ?? [])).toEqual(tokens[name]);
    expect(splitUsage({ subjects: [], tokens: {} })).toEqual([]);
  });

  it('hold a row of the length that its writer reckons with', () => {
    const issuers = 'd1d2d3d4d5d6d7d8'.repeat(16);
    const row = { id: 'a1a2a3a4a5a6a7a8', failOpen: false, maxStalenessMs: 1, label: 'x'.repeat(300), issuers };
    const [one, two] = [[row], [row, row]].map((rows) => bytesOf({ kind: 'report', seq: 0, rows }).byteLength);
    expect(two! - one!).toBe(maxReportRowBytes);
  });
});

describe('a writer', () => {
  const change = (index: number, detailBytes = 0) => ({
    digest: Uint32Array.of(index, 0, 0, 0),
    rule: { ...emptyRule, deniedUntil: forEver, denialStamp: index },
    ...(detailBytes === 0 ? {} : { details: { id: 'x', kind: 'revoke' as const, actor: 'a'.repeat(detailBytes) } }),
  });

  it('never writes to a place of an earlier frame of changes', () => {
    const writer = new ChangesWriter();
    const frames: { bytes: Buffer; copy: string }[] = [];
    for (let n = 1; n <= 5000; n++) {
      writer.add(n, change(n, n % 100));
      if (n % 7 !== 0) continue;
      const taken = writer.take();
      expect({ first: taken?.first, last: taken?.last }).toEqual({ first: n - 6, last: n });
      frames.push({ bytes: taken!.frame, copy: taken!.frame.toString('hex') });
    }
    for (const { bytes, copy } of frames) expect(bytes.toString('hex')).toBe(copy);
    expect(writer.take()?.last).toBe(5000);
    expect(writer.take()).toBeUndefined();
  });

  it.each([
    [125, '827d'],
    [126, '827e007e'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
  ])('puts the header of RFC 6455 §5.2 before a frame of %d bytes', (bytes, header) => {
    const memory = Buffer.alloc(maxMessageHeaderBytes + bytes, 7);
    const message = messageOf(memory.subarray(maxMessageHeaderBytes));
    expect(message.toString('hex')).toBe(header + '07'.repeat(bytes));
  });

  it('puts each message before its own frame, also where the memory ends', () => {
    const writer = new ChangesWriter();
    for (let n = 1; n <= 2000; n++) {
      writer.add(n, change(n, 300));
      const { frame, message } = writer.take()!;
      expect(message.subarray(4).equals(frame)).toBe(true);
    }
  });

  it.each(Array.from({ length: 24 }, (_, left) => left))('begins a frame where %d bytes of memory are left', (left) => {
    const memoryBytes = 256 * 1024;
    const writer = new FrameWriter('slab');
    const first = writer
      .begin('changes')
      .text('x'.repeat(memoryBytes - left - maxMessageHeaderBytes - 2 - frameChecksumBytes))
      .end();
    expect(first.byteOffset + first.byteLength).toBe(memoryBytes - left);
    expect(decodeDown(encodeDown(writer, { kind: 'goodbye' }))).toEqual({ kind: 'goodbye' });
    expect(decodeDown(encodeDown(writer, { kind: 'goodbye' }))).toEqual({ kind: 'goodbye' });
  });

  it('carries a rule without details that no frame could hold', () => {
    const writer = new ChangesWriter();
    writer.add(1, change(1, 70_000));
    expect(decodeDown(writer.take()!.frame)).toEqual({ kind: 'changes', first: 1, changes: [change(1)] });
  });

  it('of scratch memory takes no more of it for a second frame', () => {
    const writer = new FrameWriter('scratch');
    const first = encodeDown(writer, { kind: 'goodbye' });
    const second = encodeDown(writer, { kind: 'answer', seq: 1, status: 'accepted' });
    expect(second.buffer).toBe(first.buffer);
    expect(second.byteOffset).toBe(first.byteOffset);
  });
});

describe('frames that are kept', () => {
  it('are readable whichever field meets the end of the memory they are written to', () => {
    const writer = new ChangesWriter();
    const frames = Array.from({ length: 20_000 }, (_, index) => {
      // Of many lengths, so that the end falls into each field now and then.
      const actor = 'x'.repeat(index % 127);
      const details = { id: `${index}`, kind: 'revoke', ...(actor === '' ? {} : { actor }) } as const;
      writer.add(index + 1, { digest: Uint32Array.of(index, 0, 0, 0), rule: emptyRule, details });
      return writer.take()?.frame ?? Buffer.alloc(0);
    });
    const unreadable = frames.flatMap((frame, index) => {
      const code = refusal(decodeDown, frame);
      return code === undefined ? [] : [{ index, code, bytes: frame.byteLength }];
    });
    expect(unreadable).toEqual([]);
  });
});
