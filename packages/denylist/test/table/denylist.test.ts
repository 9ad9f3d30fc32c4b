import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Digest, digestOf, digestSetOf, digestToHex } from '../../src/rules/digest.ts';
import type { Change } from '../../src/rules/event.ts';
import type { DimensionValue } from '../../src/rules/revocation.ts';
import {
  emptyRule,
  forEver,
  forgetAfterSeconds,
  forgettableAt,
  mergeRules,
  mergeTakingLift,
  type Rule,
  sameRule,
} from '../../src/rules/rule.ts';
import { Denylist } from '../../src/table/denylist.ts';
import { ruleAt, slotWords } from '../../src/table/rule-segment.ts';
import { arbitraryRule } from '../rules/arbitrary-rule.ts';

const issuer = 'https://issuer.example/';
const subject = (value: string): DimensionValue => ({ dimension: 'subject', issuer, value });
const token = (value: string): DimensionValue => ({ dimension: 'token', issuer, value });
const numbered = (index: number): Digest => Uint32Array.of(index, index * 7, 0, 1);
const blocked: Rule = { ...emptyRule, deniedUntil: forEver, denialStamp: 1 };

describe('a denylist', () => {
  it('is a map of merged rules, whatever it is told in whatever order', () => {
    const few = fc.nat(11).map(numbered);
    const operation = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ digest: few, rule: arbitraryRule, lifts: fc.constantFrom('union', 'take') }),
      },
      { weight: 1, arbitrary: fc.record({ rows: fc.array(fc.tuple(few, arbitraryRule), { maxLength: 8 }) }) },
      { weight: 1, arbitrary: fc.record({ forgetAt: fc.constantFrom(3600, 3603, 90_301, 90_306, 1e12) }) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const denylist = new Denylist();
        const model = new Map<string, Rule>();
        const merge = (digest: Digest, rule: Rule, lifts: 'union' | 'take'): void => {
          const held = model.get(digestToHex(digest)) ?? emptyRule;
          const merged = lifts === 'take' ? mergeTakingLift(held, rule) : mergeRules(held, rule);
          if (!sameRule(merged, emptyRule) || held !== emptyRule) model.set(digestToHex(digest), merged);
        };
        for (const one of operations) {
          if ('rows' in one) {
            denylist.mergeRows(rowsOf(one.rows), 'union');
            for (const [digest, rule] of one.rows) merge(digest, rule, 'union');
          } else if ('forgetAt' in one) {
            denylist.forget(one.forgetAt, 86_400);
            for (const [key, rule] of model) if (forgettableAt(rule, 86_400) <= one.forgetAt) model.delete(key);
          } else {
            // A rule of zeros cannot come from a log.
            if (sameRule(one.rule, emptyRule)) continue;
            denylist.merge({ digest: one.digest, rule: one.rule }, one.lifts as 'union' | 'take');
            merge(one.digest, one.rule, one.lifts as 'union' | 'take');
          }
          expect(denylist.size).toBe(model.size);
        }
        expect(contentsOf(denylist)).toEqual(model);
      }),
      { numRuns: 500 },
    );
  });

  it('names the first dimension that denies a token', () => {
    const denylist = new Denylist();
    denylist.merge({ digest: digestOf(subject('alice')), rule: { ...emptyRule, issuedUpTo: 100 } }, 'union');
    denylist.merge(
      { digest: digestOf(token('t1')), rule: { ...emptyRule, deniedUntil: 900, denialStamp: 1 } },
      'union',
    );
    expect(denylist.denyingDimension(digestSetOf([token('t1'), subject('alice')]), 100, 500)).toBe('token');
    expect(denylist.denyingDimension(digestSetOf([token('t2'), subject('alice')]), 100, 500)).toBe('subject');
    expect(denylist.denyingDimension(digestSetOf([token('t2'), subject('alice')]), 101, 500)).toBeUndefined();
    expect(denylist.denyingDimension(digestSetOf([token('t1')]), 101, 900)).toBeUndefined();
    expect(denylist.denyingDimension(digestSetOf([]), 1, 1)).toBeUndefined();
  });
});

describe('its listeners', () => {
  it('hear each change, merged, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3).map(numbered), arbitraryRule), { maxLength: 30 }), (rules) => {
        const denylist = new Denylist();
        const heard: Change[] = [];
        denylist.onChange((change) => heard.push(change));
        const expected: Change[] = [];
        for (const [digest, rule] of rules) {
          const before = denylist.get(digest) ?? emptyRule;
          const result = denylist.merge({ digest, rule, loggedAtMs: 5 }, 'union');
          const after = denylist.get(digest) ?? emptyRule;
          expect(result).toBe(sameRule(before, after) ? 'unchanged' : 'changed');
          if (result === 'changed') expected.push({ digest, rule: after, loggedAtMs: 5 });
        }
        expect(heard).toEqual(expected);
      }),
    );
  });

  it('hear what a snapshot taught, which carries no time', () => {
    const denylist = new Denylist();
    const heard: Change[] = [];
    const stop = denylist.onChange((change) => heard.push(change));
    denylist.mergeRows(rowsOf([[numbered(1), blocked]]), 'union');
    denylist.mergeRows(rowsOf([[numbered(1), blocked]]), 'union');
    expect(heard).toEqual([{ digest: numbered(1), rule: blocked }]);
    stop();
    denylist.mergeRows(rowsOf([[numbered(2), blocked]]), 'union');
    expect(heard).toHaveLength(1);
  });

  it('hear a change although another one throws, and the caller gets that error', () => {
    const denylist = new Denylist();
    const heard: Change[] = [];
    denylist.onChange(() => {
      throw new Error('a listener failed');
    });
    denylist.onChange((change) => heard.push(change));
    expect(() => denylist.merge({ digest: numbered(1), rule: blocked }, 'union')).toThrow('a listener failed');
    expect(heard).toEqual([{ digest: numbered(1), rule: blocked }]);
  });

  it('hear nothing of what time has ended', () => {
    const denylist = new Denylist();
    denylist.merge({ digest: numbered(1), rule: { ...emptyRule, deniedUntil: 5, denialStamp: 1 } }, 'union');
    const heard: Change[] = [];
    denylist.onChange((change) => heard.push(change));
    expect(denylist.forget(1e9, 86_400)).toBe(1);
    expect(heard).toEqual([]);
  });
});

describe('at its cap', () => {
  const full = (): Denylist => {
    const denylist = new Denylist({ maxRules: 3 });
    for (const index of [1, 2, 3]) {
      denylist.merge({ digest: numbered(index), rule: { ...emptyRule, issuedUpTo: 5 } }, 'union');
    }
    return denylist;
  };

  it('is not full as long as everything fitted', () => {
    expect([full().size, full().full]).toEqual([3, false]);
  });

  it('says so when one more does not fit, and drops none that it holds', () => {
    const denylist = full();
    const heard: Change[] = [];
    denylist.onChange((change) => heard.push(change));
    expect(denylist.merge({ digest: numbered(4), rule: blocked }, 'union')).toBe('full');
    expect([denylist.full, denylist.size, heard]).toEqual([true, 3, []]);
    for (const index of [1, 2, 3]) expect(denylist.get(numbered(index))?.issuedUpTo).toBe(5);
    expect(denylist.get(numbered(4))).toBeUndefined();
  });

  it('still raises what it holds', () => {
    const denylist = full();
    denylist.merge({ digest: numbered(4), rule: blocked }, 'union');
    expect(denylist.merge({ digest: numbered(2), rule: blocked }, 'union')).toBe('changed');
    expect(denylist.get(numbered(2))).toEqual({ ...blocked, issuedUpTo: 5 });
  });

  it('stays so until a new synchronisation begins, even with room', () => {
    const denylist = full();
    denylist.merge({ digest: numbered(4), rule: blocked }, 'union');
    denylist.forget(1e9, 86_400);
    expect([denylist.size, denylist.full]).toEqual([0, true]);
    denylist.expectRoom();
    expect(denylist.full).toBe(false);
  });
});

describe('forgetting', () => {
  it.each([
    ['before its hour is over', 899 + forgetAfterSeconds, 0],
    ['when its hour is over', 900 + forgetAfterSeconds, 1],
    ['after its hour', 901 + forgetAfterSeconds, 1],
  ])('a denial %s', (_, now, forgotten) => {
    const denylist = new Denylist();
    denylist.merge({ digest: numbered(1), rule: { ...emptyRule, deniedUntil: 900, denialStamp: 1 } }, 'union');
    expect(denylist.forget(now, 86_400)).toBe(forgotten);
    expect(denylist.size).toBe(1 - forgotten);
  });

  it('comes to every rule, in slices', () => {
    const denylist = new Denylist();
    for (let index = 0; index < 5000; index++) {
      const end = index % 5 === 0 ? forEver : 900;
      denylist.merge({ digest: numbered(index), rule: { ...emptyRule, deniedUntil: end, denialStamp: 1 } }, 'union');
    }
    const slices: number[] = [];
    // Five or six segments hold them; each is visited once in as many slices.
    for (let slice = 0; slice < 6; slice++) slices.push(denylist.forget(10_000, 86_400));
    expect(denylist.size).toBe(1000);
    expect(Math.max(...slices)).toBeLessThan(1800);
    expect([...contentsOf(denylist).values()].every(({ deniedUntil }) => deniedUntil === forEver)).toBe(true);
  });
});

function contentsOf(denylist: Denylist): Map<string, Rule> {
  const contents = new Map<string, Rule>();
  for (const words of denylist.snapshot().chunks()) {
    for (let at = 0; at < words.length; at += slotWords) {
      contents.set(digestToHex(words.subarray(at, at + 4)), ruleAt(words, at));
    }
  }
  return contents;
}

function rowsOf(rules: readonly (readonly [Digest, Rule])[]): Uint32Array {
  return Uint32Array.from(rules.flatMap(([digest, rule]) => [...digest, ...numbersOf(rule)]));
}

function numbersOf({ deniedUntil, issuedUpTo, denialStamp, liftedUpTo }: Rule): number[] {
  return [deniedUntil, issuedUpTo, denialStamp, liftedUpTo];
}
