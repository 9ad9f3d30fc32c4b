import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeSnapshot } from '../../src/codec/snapshot.ts';
import { SnapshotReader } from '../../src/codec/snapshot-reader.ts';
import { type Digest, digestOf, digestSetFrom, digestToHex } from '../../src/rules/digest.ts';
import { restartDigest } from '../../src/rules/log-restart.ts';
import { emptyRule, forEver, type Rule, stampCeiling, withoutImpossibleLift } from '../../src/rules/rule.ts';
import { Denylist } from '../../src/table/denylist.ts';
import { ruleAt, slotWords } from '../../src/table/rule-segment.ts';
import { arbitraryRule } from '../rules/arbitrary-rule.ts';

type Row = readonly [Digest, Rule];

const header = { feed: '0123456789abcdef', n: 7, epoch: 'fedcba9876543210', maxTokenLifetimeSeconds: 86_400 };
const subjects = Array.from({ length: 400 }, (_, index) =>
  digestOf({ dimension: 'subject', issuer: 'https://issuer.example/', value: String(index) }),
);
const numbersOf = ({ deniedUntil, issuedUpTo, denialStamp, liftedUpTo }: Rule) => [
  ...[deniedUntil, issuedUpTo, denialStamp, liftedUpTo],
];

const digest = fc.oneof(
  { weight: 20, arbitrary: fc.nat(399).map((index) => subjects[index]!) },
  { weight: 1, arbitrary: fc.constant(restartDigest) },
);
/** What a snapshot can hold by mistake, too: a lift that no clock can have stated, and a row without a rule. */
const rule = fc.oneof(
  { weight: 8, arbitrary: arbitraryRule },
  { weight: 1, arbitrary: arbitraryRule.map((any) => ({ ...any, liftedUpTo: stampCeiling })) },
  { weight: 1, arbitrary: fc.constant(emptyRule) },
);
const rows = (maxLength: number) => fc.array(fc.tuple(digest, rule), { maxLength });
const someRows = fc.oneof(rows(20), fc.array(fc.tuple(digest, rule), { minLength: 300, maxLength: 700 }));
const lifts = fc.constantFrom('union' as const, 'take' as const);

function encode(snapshotRows: readonly Row[]): Buffer {
  const words = Uint32Array.from(snapshotRows.flatMap(([of, { ...numbers }]) => [...of, ...numbersOf(numbers)]));
  const table = { rows: snapshotRows.length, chunks: () => (words.length > 0 ? [words] : []) };
  return Buffer.concat([...encodeSnapshot(header, table)]);
}

/** The reader that was given all bytes, in chunks of this size. */
function receive(bytes: Uint8Array, chunkBytes: number): SnapshotReader {
  const reader = new SnapshotReader();
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) reader.add(bytes.subarray(at, at + chunkBytes));
  return reader;
}

function contentsOf(denylist: Denylist): Map<string, Rule> {
  const contents = new Map<string, Rule>();
  for (const words of denylist.snapshot().chunks()) {
    for (let at = 0; at < words.length; at += slotWords) {
      contents.set(digestToHex(words.subarray(at, at + 4)), ruleAt(words, at));
    }
  }
  return contents;
}

const mergeAll = (denylist: Denylist, changes: readonly Row[], how: 'union' | 'take') => {
  for (const [of, { ...numbers }] of changes) denylist.merge({ digest: of, rule: withoutImpossibleLift(numbers) }, how);
};

describe('a snapshot that is sorted while it arrives', () => {
  it('leaves the rules that its rows leave one by one, whatever is held, changes before and comes after', () => {
    const given = fc.record({
      held: rows(300),
      snapshot: someRows,
      later: rows(20),
      how: lifts,
      ofRestart: lifts,
      isHeard: fc.boolean(),
      chunkBytes: fc.integer({ min: 1, max: 70_000 }),
    });
    fc.assert(
      fc.property(given, ({ held, snapshot, later, how, ofRestart, isHeard, chunkBytes }) => {
        const [loaded, expected] = [new Denylist(), new Denylist()];
        const [heard, expectedToHear] = [new Map<string, Rule>(), new Map<string, Rule>()];
        for (const denylist of [loaded, expected]) mergeAll(denylist, held, 'union');
        expected.onChange((change) => expectedToHear.set(digestToHex(change.digest), change.rule));
        if (isHeard) loaded.onChange((change) => heard.set(digestToHex(change.digest), change.rule));

        const decoded = receive(encode(snapshot), chunkBytes).end();
        if (typeof decoded === 'string') throw new Error(decoded);
        // A checker holds what is held at this moment, and must not see what is merged.
        const before = loaded.snapshot();
        const heldBefore = contentsOf(loaded);
        loaded.expectRoom(decoded.header.rows);
        for (const page of decoded.pages) loaded.mergeRows(page, how, ofRestart);
        for (const row of snapshot) mergeAll(expected, [row], row[0] === restartDigest ? ofRestart : how);

        expect([...before.chunks()].reduce((sum, words) => sum + words.length / slotWords, 0)).toBe(heldBefore.size);
        expect({ size: loaded.size, revived: loaded.revived }).toEqual({
          size: expected.size,
          revived: expected.revived,
        });
        expect(contentsOf(loaded)).toEqual(contentsOf(expected));
        if (isHeard) expect(heard).toEqual(expectedToHear);
        for (const denylist of [loaded, expected]) mergeAll(denylist, later, how);
        expect(contentsOf(loaded)).toEqual(contentsOf(expected));
      }),
      { numRuns: 150 },
    );
  });

  it('denies each of its tokens, and no other', () => {
    const denylist = new Denylist();
    const denied = subjects.slice(0, 350);
    const block = { ...emptyRule, deniedUntil: forEver, denialStamp: 1 };
    const decoded = receive(encode(denied.map((of) => [of, block])), 5000).end();
    if (typeof decoded === 'string') throw new Error(decoded);
    denylist.expectRoom(decoded.header.rows);
    for (const page of decoded.pages) denylist.mergeRows(page, 'take');
    const isDenied = (of: Digest) =>
      denylist.denyingDimension(digestSetFrom([{ dimension: 'subject', digest: of }]), 5, 5) !== undefined;
    expect(subjects.map(isDenied)).toEqual(subjects.map((_, index) => index < 350));
  });

  it('lies in the memory in which it arrived', () => {
    const many = Array.from({ length: 20_000 }, (_, index): Row => {
      const of = digestOf({ dimension: 'token', issuer: '', value: String(index) });
      return [of, { ...emptyRule, deniedUntil: forEver, denialStamp: 1 }];
    });
    const decoded = receive(encode(many), 65_536).end();
    if (typeof decoded === 'string') throw new Error(decoded);
    const pages = [...decoded.pages];
    const denylist = new Denylist();
    denylist.expectRoom(many.length);
    const arrived = pages.map((page) => page.slice());
    for (const page of pages) denylist.mergeRows(page, 'take');
    // Its slots are in another order than the rows were.
    const used = pages.filter((page, index) => page.some((word, at) => word !== arrived[index]![at]));
    expect({ rules: denylist.size, pages: pages.length }).toEqual({ rules: many.length, pages: 32 });
    // One page in a thousand has more rows than its memory has good room for.
    expect(used.length).toBeGreaterThanOrEqual(28);
  });

  it('is not available when it is cut, or a bit is flipped', () => {
    const damage = fc.record({ snapshot: rows(30), at: fc.nat(), cut: fc.boolean() });
    fc.assert(
      fc.property(damage, ({ snapshot, at, cut }) => {
        const bytes = encode(snapshot);
        if (!cut) bytes[at % bytes.length]! ^= 1 << (at & 7);
        expect(typeof receive(cut ? bytes.subarray(0, at % bytes.length) : bytes, 100).end()).toBe('string');
      }),
    );
  });
});
