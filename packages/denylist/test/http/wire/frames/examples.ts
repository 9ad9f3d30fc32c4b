import fc from 'fast-check';
import { boundLabel } from '../../../../src/codec/label.ts';
import { ChangesWriter } from '../../../../src/http/wire/frames/changes.ts';
import { type DownFrame, encodeDown } from '../../../../src/http/wire/frames/down.ts';
import { FrameWriter } from '../../../../src/http/wire/frames/frame-writer.ts';
import { encodeUp, type UpFrame } from '../../../../src/http/wire/frames/up.ts';
import { forEver } from '../../../../src/rules/rule.ts';
import { arbitraryChange } from '../../../rules/arbitrary-change.ts';

/** The frames of `frames-v1.hex`. */
export const downExamples: Readonly<Record<string, DownFrame>> = {
  welcome: {
    kind: 'welcome',
    feed: '0123456789abcdef',
    n: 2 ** 40 + 7,
    identity: '1122334455667788',
    secret: '000102030405060708090a0b0c0d0e0f',
    bootId: '8c7a3a5e29ad4f0b8d0c6c8f5b1f9e11',
  },
  'welcome of a host without a boot id': {
    kind: 'welcome',
    feed: '0123456789abcdef',
    n: 0,
    identity: '1122334455667788',
    secret: '000102030405060708090a0b0c0d0e0f',
    bootId: undefined,
  },
  'changes: a block with details, and a lift from a snapshot': {
    kind: 'changes',
    first: 41,
    changes: [
      {
        digest: Uint32Array.of(0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff),
        rule: { deniedUntil: forEver, issuedUpTo: 0, denialStamp: 1_767_225_600, liftedUpTo: 0 },
        loggedAtMs: 1_767_225_600_123,
        receivedAtMs: 1_767_225_600_125,
        details: { id: 'e1', kind: 'revoke', dimension: 'subject', actor: 'Zoë' },
      },
      {
        digest: Uint32Array.of(0xffffffff, 0, 0, 1),
        rule: { deniedUntil: 1_767_229_200, issuedUpTo: 5, denialStamp: 1_767_225_600, liftedUpTo: 1_767_225_600 },
      },
    ],
  },
  heartbeat: {
    kind: 'heartbeat',
    n: 42,
    provenAtMs: 12_345.75,
    ageMs: 3.5,
    logAtProofMs: 1_767_225_600_125.5,
    heartbeatLoggedAtMs: 1_767_225_600_123,
    echo: 0,
  },
  'heartbeat that answers': {
    kind: 'heartbeat',
    n: 42,
    provenAtMs: 12_345.75,
    ageMs: 203.5,
    logAtProofMs: undefined,
    heartbeatLoggedAtMs: undefined,
    echo: 7,
  },
  'heartbeat that names its log': {
    kind: 'heartbeat',
    n: 42,
    provenAtMs: 12_345.75,
    ageMs: 203.5,
    logAtProofMs: undefined,
    heartbeatLoggedAtMs: undefined,
    echo: 0,
    identity: 'a1a2a3a4a5a6a7a8',
  },
  answer: { kind: 'answer', seq: 9, status: 'refused' },
  goodbye: { kind: 'goodbye' },
};

const row = {
  failOpen: false,
  hasLookUp: false,
  isServer: false,
  left: false,
  maxStalenessMs: 5000,
  label: undefined,
  issuers: undefined,
};

export const upExamples: Readonly<Record<string, UpFrame>> = {
  'join of a process': {
    kind: 'join',
    relay: false,
    failOpen: true,
    hasLookUp: true,
    maxStalenessMs: 5000,
    secret: '000102030405060708090a0b0c0d0e0f',
    label: 'api-7f9c/4711/orders',
    issuers: 'd1d2d3d4d5d6d7d8e1e2e3e4e5e6e7e8',
  },
  'join of a relay': {
    kind: 'join',
    relay: true,
    failOpen: false,
    hasLookUp: false,
    maxStalenessMs: 0,
    secret: undefined,
    label: '',
    issuers: undefined,
  },
  'join of a process that trusts any issuer': {
    kind: 'join',
    relay: false,
    failOpen: false,
    hasLookUp: false,
    maxStalenessMs: 5000,
    secret: undefined,
    label: 'api',
    issuers: 'any',
  },
  follow: { kind: 'follow', feed: '0123456789abcdef', n: 2 ** 40 + 7 },
  'report of a process': {
    kind: 'report',
    seq: 0,
    rows: [{ ...row, id: undefined, n: 42 }],
  },
  'report of a relay': {
    kind: 'report',
    seq: 9,
    rows: [
      { ...row, id: 'c1c2c3c4c5c6c7c8', n: 42, isServer: true, hasLookUp: true, issuers: 'd1d2d3d4d5d6d7d8' },
      { ...row, id: 'a1a2a3a4a5a6a7a8', n: undefined, failOpen: true, label: 'Bücher/12', issuers: 'any' },
      { ...row, id: 'b1b2b3b4b5b6b7b8', n: 41, maxStalenessMs: 2000, left: true, issuers: '' },
    ],
  },
  usage: {
    kind: 'usage',
    seq: 10,
    report: { subjects: ['AAECAwQFBgcICQoLDA0ODw'], tokens: { browser: ['8PHy8_T19vf4-fr7_P3-_w'], other: [] } },
  },
  ask: { kind: 'ask', echo: 7 },
};

/** The bytes of a frame, in memory of their own. */
export function bytesOf(frame: DownFrame | UpFrame): Buffer {
  switch (frame.kind) {
    case 'changes': {
      const writer = new ChangesWriter();
      for (const [index, change] of frame.changes.entries()) writer.add(frame.first + index, change);
      return Buffer.from(writer.take()?.frame ?? []);
    }
    case 'welcome':
    case 'heartbeat':
    case 'answer':
    case 'goodbye':
      return Buffer.from(encodeDown(new FrameWriter('scratch'), frame));
    case 'unknown':
      throw new Error('a frame of an unknown kind cannot be written');
    default:
      return Buffer.from(encodeUp(new FrameWriter('scratch'), frame));
  }
}

const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const staleness = fc.integer({ min: 0, max: 60_000 });
const time = fc.double({ min: 0, max: 2 ** 45, noNaN: true }).map((value) => value + 0.5);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((value) => Buffer.from(value).toString('hex'))
    .filter((digits) => !/^0*$/.test(digits));
const label = fc.string({ unit: fc.constantFrom('a', '/', 'é', '🙂'), maxLength: 40 }).map(boundLabel);
const issuers = fc.oneof(
  fc.constant('any'),
  fc.array(hex(8), { maxLength: 16 }).map((digests) => digests.join('')),
);
const digest = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url'));

/** A change as this wire carries it: a time of 0 is none. */
const change = arbitraryChange.map(({ loggedAtMs, receivedAtMs, ...rest }) => ({
  ...rest,
  loggedAtMs: loggedAtMs || undefined,
  receivedAtMs: receivedAtMs || undefined,
}));

export const arbitraryDown: fc.Arbitrary<DownFrame> = fc.oneof(
  fc.record({
    kind: fc.constant('welcome' as const),
    feed: hex(8),
    n: count,
    identity: hex(8),
    secret: hex(16),
    bootId: maybe(hex(16)),
  }),
  fc.record({
    kind: fc.constant('changes' as const),
    first: count,
    changes: fc.array(change, { minLength: 1, maxLength: 8 }),
  }),
  fc.record({
    kind: fc.constant('heartbeat' as const),
    n: count,
    provenAtMs: time,
    ageMs: time,
    logAtProofMs: maybe(time),
    heartbeatLoggedAtMs: maybe(time),
    echo: uint32,
  }),
  fc.record({
    kind: fc.constant('answer' as const),
    seq: uint32,
    status: fc.constantFrom('accepted' as const, 'refused' as const, 'failed' as const),
  }),
  fc.constant<DownFrame>({ kind: 'goodbye' }),
);

export const arbitraryUp: fc.Arbitrary<UpFrame> = fc.oneof(
  fc.record({
    kind: fc.constant('join' as const),
    relay: fc.boolean(),
    failOpen: fc.boolean(),
    hasLookUp: fc.boolean(),
    maxStalenessMs: staleness,
    secret: maybe(hex(16)),
    label,
    issuers: maybe(issuers),
  }),
  fc.record({ kind: fc.constant('follow' as const), feed: hex(8), n: count }),
  fc.record({
    kind: fc.constant('report' as const),
    seq: uint32,
    rows: fc.array(
      fc.record({
        id: maybe(hex(8)),
        n: maybe(count),
        failOpen: fc.boolean(),
        hasLookUp: fc.boolean(),
        isServer: fc.boolean(),
        maxStalenessMs: staleness,
        left: fc.boolean(),
        label: maybe(label.filter((text) => text !== '')),
        issuers: maybe(issuers),
      }),
      { maxLength: 20 },
    ),
  }),
  fc.record({
    kind: fc.constant('usage' as const),
    seq: uint32,
    report: fc.record({
      subjects: fc.array(digest, { maxLength: 20 }),
      tokens: fc.dictionary(fc.constantFrom('browser', 'batch', 'a.b:c-d_e'), fc.array(digest, { maxLength: 5 })),
    }),
  }),
  fc.record({ kind: fc.constant('ask' as const), echo: uint32 }),
);
