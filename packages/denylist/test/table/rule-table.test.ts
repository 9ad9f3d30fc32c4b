import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Digest, type DigestSet, digestToHex } from '../../src/rules/digest.ts';
import { placeOf } from '../../src/rules/placement.ts';
import {
  denies,
  emptyRule,
  forEver,
  forgetAfterSeconds,
  forgettableAt,
  type Rule,
  ruleMarginSeconds,
  sameRule,
} from '../../src/rules/rule.ts';
import { ruleAt, slotWords } from '../../src/table/rule-segment.ts';
import { RuleTable } from '../../src/table/rule-table.ts';
import { arbitraryDigest, arbitraryRule } from '../rules/arbitrary-rule.ts';

/** Digests as SHA-256 gives them: evenly spread, and the same in every run. */
function* spreadDigests(): Generator<Digest> {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) ^ (state >>> 12)) >>> 0;
  };
  for (;;) yield Uint32Array.of(next(), next(), next(), next());
}

function fill(table: RuleTable, rules: number): Digest[] {
  const digests: Digest[] = [];
  for (const digest of spreadDigests()) {
    if (digests.push(digest) === rules) break;
  }
  digests.forEach((digest, index) => {
    table.set(digest, { ...emptyRule, deniedUntil: index + 1, denialStamp: 1 });
  });
  return digests;
}

/** A set of digests, as {@link digestSetOf} lays them out. */
function setOf(digests: readonly Digest[]): DigestSet {
  const places = digests.map((digest) => placeOf(digest, 0));
  const words = Uint32Array.from([...digests.flatMap((digest) => [...digest]), ...places]);
  return { dimensions: digests.map(() => 'subject'), words };
}

/** Digests that a writer chooses so that they have the same place in a table whose placement it can compute. */
const chosenDigests: Readonly<Record<string, (index: number) => Digest>> = {
  'the first two words': (index) => Uint32Array.of(7, 7, index, 0),
  'all but the last word': (index) => Uint32Array.of(1, 2, 3, index),
  'the low half of each word': (index) =>
    Uint32Array.of((index & 31) << 27, ((index >>> 5) & 31) << 27, ((index >>> 10) & 31) << 27, (index >>> 15) << 27),
  'the high half of each word': (index) =>
    Uint32Array.of(index & 15, (index >>> 4) & 15, (index >>> 8) & 15, index >>> 12),
  'what one product and one shift leave the same': (index) => {
    const high = (index & 255) << 24;
    return Uint32Array.of((index >>> 8) << 24, 0, high, high ^ (high >>> 15));
  },
};

function contentsOf(table: RuleTable): Map<string, Rule> {
  const contents = new Map<string, Rule>();
  for (const words of table.snapshot().chunks()) {
    for (let at = 0; at < words.length; at += slotWords) {
      contents.set(digestToHex(words.subarray(at, at + 4)), ruleAt(words, at));
    }
  }
  return contents;
}

/** Those around which denials and cutoffs of {@link arbitraryRule} may be forgotten. */
const moments = [0, ruleMarginSeconds].flatMap((margin) =>
  [0, 2, 4, 8].map((seconds) => forgetAfterSeconds + margin + seconds),
);

function sweepAll(table: RuleTable, nowSeconds: number): number {
  let removed = 0;
  for (let segment = 0; segment < table.segmentCount; segment++) removed += table.sweep(segment, nowSeconds, 0);
  return removed;
}

describe('the table of rules', () => {
  it('is a map, whatever is done to it in whatever order', () => {
    const operation = fc.oneof(
      { weight: 8, arbitrary: fc.record({ set: arbitraryDigest, rule: arbitraryRule }) },
      { weight: 2, arbitrary: fc.record({ many: fc.integer({ min: 1, max: 1500 }), rule: arbitraryRule }) },
      { weight: 2, arbitrary: fc.record({ sweep: fc.nat(8), now: fc.constantFrom(...moments), lifetime: fc.nat(3) }) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const table = new RuleTable();
        const model = new Map<string, Rule>();
        const set = (digest: Digest, rule: Rule): void => {
          table.set(digest, rule);
          const isEmpty = [rule.deniedUntil, rule.issuedUpTo, rule.denialStamp, rule.liftedUpTo].every(
            (number) => number === 0,
          );
          if (!isEmpty) model.set(digestToHex(digest), rule);
        };
        const spread = spreadDigests();
        for (const one of operations) {
          if ('set' in one) set(one.set, one.rule);
          else if ('many' in one) {
            for (let index = 0; index < one.many; index++) set(spread.next().value, one.rule);
          } else {
            const before = model.size;
            const removed = table.sweep(one.sweep, one.now, one.lifetime);
            const mayBeForgotten = (rule: Rule) => forgettableAt(rule, one.lifetime) <= one.now;
            // A small table is one segment, which must not have been passed over.
            if (table.segmentCount === 1 && one.sweep === 0 && one.lifetime === 0) {
              expect([...contentsOf(table).values()].filter(mayBeForgotten)).toEqual([]);
            }
            // Which segment a rule lies in is the table's business; the rest of the model says nothing else is gone.
            const left = contentsOf(table);
            for (const [key, rule] of model) {
              if (!left.has(key) && mayBeForgotten(rule)) model.delete(key);
            }
            expect(before - model.size).toBe(removed);
          }
          expect(table.size).toBe(model.size);
        }
        expect(contentsOf(table)).toEqual(model);
      }),
      { numRuns: 60 },
    );
  });

  it('finds every rule and denies as its numbers say, also where digests share their first words', () => {
    const numbers = fc.record({ issuedAt: fc.nat(8), now: fc.nat(8) });
    fc.assert(
      fc.property(fc.array(fc.tuple(arbitraryDigest, arbitraryRule), { maxLength: 60 }), numbers, (rules, token) => {
        const table = new RuleTable();
        for (const [digest, rule] of rules) table.set(digest, rule);
        const saying = rules.filter(([, rule]) => !sameRule(rule, emptyRule));
        const model = new Map(saying.map(([digest, rule]) => [digestToHex(digest), rule]));
        for (const [digest] of saying) {
          const held = table.get(digest);
          if (held === undefined) throw new Error('a rule is lost');
          expect(held).toEqual(model.get(digestToHex(digest)));
          const words = setOf([Uint32Array.of(9, 9, 9, 9), digest]);
          const denying = denies(held, token.issuedAt, token.now) ? 1 : -1;
          expect(table.denyingIndex(words, token.issuedAt, token.now)).toBe(denying);
        }
      }),
    );
  });

  it('finds the one of a hundred digests that denies, whichever it is', () => {
    const table = new RuleTable();
    const digests = fill(table, 200).slice(100);
    const words = setOf(digests);
    // Denials in places before it have ended by then: they are looked at and passed over.
    for (let place = 0; place < 100; place++) expect(table.denyingIndex(words, 1, 100 + place)).toBe(place);
    expect(table.denyingIndex(words, 1, 200)).toBe(-1);
  });

  it('keeps thousands apart that share their first and second word', () => {
    const table = new RuleTable();
    for (let index = 0; index < 3000; index++) {
      table.set(Uint32Array.of(7, 7, index, 0), { ...emptyRule, issuedUpTo: index + 1 });
    }
    expect(table.size).toBe(3000);
    for (let index = 0; index < 3000; index++) {
      expect(table.get(Uint32Array.of(7, 7, index, 0))?.issuedUpTo).toBe(index + 1);
    }
    expect(table.get(Uint32Array.of(7, 7, 3000, 0))).toBeUndefined();
  });

  it.each(Object.entries(chosenDigests))('searches no longer where digests are chosen to share %s', (_, chosen) => {
    const table = new RuleTable();
    for (let index = 0; index < 59_392; index++) table.set(chosen(index), { ...emptyRule, issuedUpTo: 1 });
    expect(table.size).toBe(59_392);
    // Below 4 with most keys, in segments that are 85 % full, and above 8 with one of a hundred; 900 without the second product.
    expect({ meanProbes: table.meanProbes, longProbes: table.meanProbes > 64 }).toMatchObject({ longProbes: false });
    // Each holds about a thousand: an insertion copies at most one.
    expect(table.largestSegment).toBeLessThan(4 * 1024);
  });

  it('holds a digest of zeros, and one of ones', () => {
    const table = new RuleTable();
    const zeros = new Uint32Array(4);
    const ones = new Uint32Array(4).fill(forEver);
    expect(table.get(zeros)).toBeUndefined();
    table.set(zeros, { ...emptyRule, liftedUpTo: 1 });
    table.set(ones, { ...emptyRule, issuedUpTo: 2 });
    expect([table.get(zeros)?.liftedUpTo, table.get(ones)?.issuedUpTo]).toEqual([1, 2]);
  });

  it('does not hold a rule that says nothing', () => {
    const table = new RuleTable();
    table.set(Uint32Array.of(1, 2, 3, 4), emptyRule);
    expect([table.size, table.get(Uint32Array.of(1, 2, 3, 4))]).toEqual([0, undefined]);
  });

  it('loses nothing while it grows and splits, nor while it is swept and grows again', () => {
    const table = new RuleTable();
    const digests = fill(table, 20_000);
    for (const checkpoint of [1, 2, 7, 8, 1024, 1025, 2048, 2049, 4097, 20_000]) {
      const smaller = new RuleTable();
      fill(smaller, checkpoint);
      expect([...digests.slice(0, checkpoint)].every((digest) => smaller.get(digest) !== undefined)).toBe(true);
    }
    const removed = sweepAll(table, 10_000 + forgetAfterSeconds);
    expect([removed, table.size]).toEqual([10_000, 10_000]);
    digests.forEach((digest, index) => {
      expect(table.get(digest)?.deniedUntil).toBe(index + 1 <= 10_000 ? undefined : index + 1);
    });
    digests.forEach((digest, index) => {
      table.set(digest, { ...emptyRule, deniedUntil: index + 1, denialStamp: 2 });
    });
    expect(table.size).toBe(20_000);
    expect(digests.every((digest) => table.get(digest)?.denialStamp === 2)).toBe(true);
  });

  it.each(['empty', 'reserved', 'filled'])(
    'finds every rule of a page in any order, stored in a table that is %s',
    (before) => {
      const table = new RuleTable();
      const rules = 20_000;
      if (before === 'reserved') table.reserve(rules);
      const all = fill(new RuleTable(), rules);
      const digests = before === 'filled' ? all.slice(fill(table, 3000).length) : all;
      const page = new Uint32Array(digests.length * slotWords);
      for (const [row, digest] of digests.entries()) page.set([...digest, row + 1, 0, 1, 0], row * slotWords);
      expect(table.insertRows(table.takePage(page), 0, digests.length)).toBe(page.length);
      expect([table.size, table.largestSegment <= 2048]).toEqual([rules, true]);
      expect(digests.every((digest, row) => table.get(digest)?.deniedUntil === row + 1)).toBe(true);
      const noRule = digests.findIndex((digest) => table.denyingIndex(setOf([digest]), 0, 0) !== 0);
      expect(noRule).toBe(-1);
    },
  );

  it('ignores a sweep of a segment that is not there', () => {
    expect(new RuleTable().sweep(5, forEver, 0)).toBe(0);
  });

  it('looks again for what has ended however a rule came: set, as a row, or by a split', () => {
    const table = new RuleTable();
    expect(sweepAll(table, 1)).toBe(0);
    const digests = fill(table, 3000);
    // Nothing has ended yet, and now every segment knows until when.
    expect(sweepAll(table, forgetAfterSeconds)).toBe(0);
    expect(table.insertRows(table.takePage(Uint32Array.of(5, 5, 5, 5, 5, 5, 1, 0)), 0, 1)).toBe(slotWords);
    table.set(digests[2999]!, { ...emptyRule, deniedUntil: 2, denialStamp: 1 });
    expect(sweepAll(table, 2 + forgetAfterSeconds)).toBe(3);
    fill(table, 9000);
    expect(sweepAll(table, 9000 + forgetAfterSeconds)).toBe(9001);
  });

  it.each([1000, 1024, 3000, 10_000, 100_000])('takes at most 56 bytes a rule with %i of them', (rules) => {
    const table = new RuleTable();
    fill(table, rules);
    expect(table.bytes / rules).toBeLessThanOrEqual(56);
  });

  it('gives memory back when rules are forgotten', () => {
    const table = new RuleTable();
    fill(table, 10_000);
    const full = table.bytes;
    sweepAll(table, Number.POSITIVE_INFINITY);
    expect(table.size).toBe(0);
    expect(table.bytes).toBeLessThan(full / 10);
  });

  it('gives a picture of all rows that no later write, growth, split or sweep changes', () => {
    for (const held of [1, 5, 6, 1023, 1024, 2500, 9000]) {
      const table = new RuleTable();
      const digests = fill(table, held);
      const snapshot = table.snapshot();
      expect(snapshot.rows).toBe(held);
      table.set(digests[0]!, { ...emptyRule, deniedUntil: forEver, denialStamp: 9 });
      const read = (): Map<string, number> => {
        const seen = new Map<string, number>();
        for (const rows of snapshot.chunks()) {
          for (let at = 0; at < rows.length; at += 8) seen.set(digestToHex(rows.subarray(at, at + 4)), rows[at + 4]!);
        }
        return seen;
      };
      const asFilled = new Map(digests.map((digest, index) => [digestToHex(digest), index + 1]));
      expect(read()).toEqual(asFilled);
      fill(table, held * 3);
      sweepAll(table, Number.POSITIVE_INFINITY);
      expect(read()).toEqual(asFilled);
      expect(table.snapshot().rows).toBe(0);
    }
  });

  it('is the same table when room was made before', () => {
    for (const [expected, held] of [
      [0, 3000],
      [1024, 3000],
      [1025, 1],
      [5000, 5000],
      [100_000, 3000],
      [3000, 20_000],
    ] as const) {
      const table = new RuleTable();
      table.reserve(expected);
      const digests = fill(table, held);
      table.reserve(10 * expected);
      expect(digests.every((digest, index) => table.get(digest)?.deniedUntil === index + 1)).toBe(true);
      expect([table.size, contentsOf(table).size]).toEqual([held, held]);
    }
  });

  it('makes room for no more than the rules that come', () => {
    const table = new RuleTable();
    table.reserve(100_000);
    expect(table.bytes).toBeLessThan(1_000_000);
    fill(table, 100_000);
    expect(table.bytes / 100_000).toBeLessThanOrEqual(56);
  });
});
