import { crc32 } from 'node:zlib';
import { ChangesWriter } from '../../../packages/denylist/src/http/wire/frames/changes.ts';
import { decodeDown, encodeDown } from '../../../packages/denylist/src/http/wire/frames/down.ts';
import { FrameError, frameVersion } from '../../../packages/denylist/src/http/wire/frames/frame.ts';
import { FrameWriter } from '../../../packages/denylist/src/http/wire/frames/frame-writer.ts';
import { decodeUp, encodeUp, type UpFrame } from '../../../packages/denylist/src/http/wire/frames/up.ts';
import type { Decoder } from '../decoder.ts';
import { change } from './samples.ts';

const feed = '0123456789abcdef';
const secret = '00112233445566778899aabbccddeeff';
const issuers = '00112233445566778899aabbccddeeff';
const usageDigest = Buffer.alloc(16, 7).toString('base64url');
const writer = new FrameWriter('scratch');
const row = { failOpen: false, maxStalenessMs: 5000 };

const ups: readonly UpFrame[] = [
  {
    kind: 'join',
    relay: false,
    failOpen: true,
    hasLookUp: true,
    maxStalenessMs: 5000,
    secret,
    label: 'host/42',
    issuers,
  },
  { kind: 'follow', feed, n: 12 },
  {
    kind: 'report',
    seq: 3,
    rows: [
      { ...row, n: 12, issuers: 'any' },
      { ...row, id: feed, label: 'pod-1', left: true },
    ],
  },
  { kind: 'usage', seq: 4, report: { subjects: [usageDigest], tokens: { web: [usageDigest], other: [] } } },
  { kind: 'ask', echo: 9 },
];

/** Copied, because the next frame is written to the same bytes. */
function bytesOf(frame: Parameters<typeof encodeDown>[1]): Buffer {
  return Buffer.from(encodeDown(writer, frame));
}

function changesFrame(): Buffer {
  const changes = new ChangesWriter();
  changes.add(13, change);
  changes.add(14, { ...change, details: undefined });
  return Buffer.from(changes.take()!.frame);
}

const frames = {
  format: 'binary',
  isExpected: (error: unknown) => error instanceof FrameError,
  seal(input: Buffer): Buffer {
    const sealed = Buffer.from(input);
    if (sealed.length < 6) return sealed;
    // Another version is refused first, and nothing behind it is read.
    if (sealed[1]! % 16 !== 0) sealed[0] = frameVersion;
    sealed.writeUInt32BE(crc32(sealed.subarray(0, sealed.length - 4)), sealed.length - 4);
    return sealed;
  },
} as const;

/** Frames of a reader, which the sidecar decodes. */
export const frameUp: Decoder = {
  ...frames,
  name: 'frame-up',
  seeds: ups.map((frame) => Buffer.from(encodeUp(writer, frame))),
  decode: decodeUp,
};

/** Frames of a sidecar, which its readers decode. */
export const frameDown: Decoder = {
  ...frames,
  name: 'frame-down',
  seeds: [
    bytesOf({ kind: 'welcome', feed, n: 12, identity: feed, secret, bootId: secret }),
    bytesOf({ kind: 'heartbeat', n: 12, provenAtMs: 1234.5, ageMs: 3, logAtProofMs: 1.8e12, echo: 0 }),
    bytesOf({ kind: 'answer', seq: 3, status: 'refused' }),
    bytesOf({ kind: 'goodbye' }),
    changesFrame(),
  ],
  decode: decodeDown,
};
