import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  defaultMaxTokenLifetimeSeconds,
  denies,
  emptyRule,
  forEver,
  forgetAfterSeconds,
  forgettableAt,
  mergeRules,
  mergeTakingLift,
  type Rule,
  ruleMarginSeconds,
} from '../../src/rules/rule.ts';
import { arbitraryRule } from './arbitrary-rule.ts';

const rule = (numbers: Partial<Rule>): Rule => ({ ...emptyRule, ...numbers });
const counts = (held: Rule, liftedUpTo: number): boolean => held.denialStamp > liftedUpTo;
/** When the denial really ends: 0 when a lift has ended it. */
const denialEnd = (held: Rule): number => (counts(held, held.liftedUpTo) ? held.deniedUntil : 0);

describe('merging two rules', () => {
  it('gives the same in either order', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, (a, b) => {
        expect(mergeRules(a, b)).toEqual(mergeRules(b, a));
      }),
    );
  });

  it('changes nothing when a rule meets itself, or nothing', () => {
    fc.assert(
      fc.property(arbitraryRule, (a) => {
        expect(mergeRules(a, a)).toEqual(a);
        expect(mergeRules(a, emptyRule)).toEqual(a);
      }),
    );
  });

  it('changes nothing when one of the two comes again', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, arbitraryRule, (a, b, c) => {
        const merged = mergeRules(mergeRules(a, b), c);
        expect(mergeRules(merged, a)).toEqual(merged);
        expect(mergeRules(merged, b)).toEqual(merged);
        expect(mergeRules(merged, c)).toEqual(merged);
      }),
      { numRuns: 2000 },
    );
  });

  it('never denies less than either, but for denials that a lift has seen', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, (a, b) => {
        const merged = mergeRules(a, b);
        expect(merged.issuedUpTo).toBe(Math.max(a.issuedUpTo, b.issuedUpTo));
        for (const one of [a, b]) {
          if (!counts(one, merged.liftedUpTo)) continue;
          expect(denialEnd(merged)).toBeGreaterThanOrEqual(one.deniedUntil);
        }
      }),
    );
  });

  it('never denies more than the two together', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, (a, b) => {
        expect(denialEnd(mergeRules(a, b))).toBeLessThanOrEqual(Math.max(denialEnd(a), denialEnd(b)));
      }),
    );
  });

  it('does not let a lift end a denial that it did not see', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, (denial, tombstone) => {
        fc.pre(denial.denialStamp > tombstone.liftedUpTo && denial.denialStamp > denial.liftedUpTo);
        expect(denialEnd(mergeRules(denial, tombstone))).toBeGreaterThanOrEqual(denial.deniedUntil);
      }),
    );
  });
});

describe('grouping', () => {
  const groupings = (a: Rule, b: Rule, c: Rule) => [
    mergeRules(mergeRules(a, b), c),
    mergeRules(a, mergeRules(b, c)),
    mergeRules(mergeRules(a, c), b),
  ];
  /** What counts of all three at once. */
  const endOfAll = (rules: readonly Rule[]) => {
    const lifted = Math.max(...rules.map((one) => one.liftedUpTo));
    return Math.max(0, ...rules.filter((one) => counts(one, lifted)).map((one) => one.deniedUntil));
  };

  it('never matters to the cutoff, the stamp and the lift', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, arbitraryRule, (a, b, c) => {
        const [first, ...others] = groupings(a, b, c).map(({ deniedUntil: _, ...rest }) => rest);
        for (const other of others) expect(other).toEqual(first);
      }),
    );
  });

  it('never ends a denial early', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, arbitraryRule, (a, b, c) => {
        for (const merged of groupings(a, b, c)) expect(denialEnd(merged)).toBeGreaterThanOrEqual(endOfAll([a, b, c]));
      }),
      { numRuns: 2000 },
    );
  });

  it('matters to the end of a denial only where a later one is shorter than an earlier, lifted one', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, arbitraryRule, (a, b, c) => {
        const rules = [a, b, c];
        const lifted = Math.max(...rules.map((one) => one.liftedUpTo));
        const end = endOfAll(rules);
        fc.pre(!rules.some((one) => !counts(one, lifted) && one.deniedUntil > end));
        for (const merged of groupings(a, b, c)) expect(denialEnd(merged)).toBe(end);
      }),
      { numRuns: 2000 },
    );
  });

  it('in that case keeps the longer end in some order', () => {
    const longButLifted = rule({ deniedUntil: 900, denialStamp: 1 });
    const lift = rule({ liftedUpTo: 1 });
    const later = rule({ deniedUntil: 500, denialStamp: 2 });
    expect(denialEnd(mergeRules(mergeRules(longButLifted, lift), later))).toBe(500);
    expect(denialEnd(mergeRules(mergeRules(longButLifted, later), lift))).toBe(900);
  });

  it('never shortens the stay of a tombstone', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, arbitraryRule, (a, b, c) => {
        const rules = [a, b, c];
        fc.pre(
          endOfAll(rules) === 0 &&
            rules.every((one) => one.denialStamp <= Math.max(a.liftedUpTo, b.liftedUpTo, c.liftedUpTo)),
        );
        const longest = Math.max(...rules.map((one) => one.deniedUntil));
        for (const merged of groupings(a, b, c)) expect(merged.deniedUntil).toBeGreaterThanOrEqual(longest);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('taking the lift of the feed', () => {
  it('denies again when the feed does not know the lift that is held', () => {
    const held = rule({ deniedUntil: 900, denialStamp: 5, liftedUpTo: 5 });
    expect(denialEnd(mergeTakingLift(held, rule({ deniedUntil: 900, denialStamp: 5 })))).toBe(900);
    expect(denialEnd(mergeRules(held, rule({ deniedUntil: 900, denialStamp: 5 })))).toBe(0);
  });

  it('ends what the feed has lifted', () => {
    const held = rule({ deniedUntil: 900, denialStamp: 5 });
    expect(denialEnd(mergeTakingLift(held, rule({ deniedUntil: 900, denialStamp: 5, liftedUpTo: 5 })))).toBe(0);
  });

  it('unites everything else, but for a denial that was held as lifted', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, (held, fromFeed) => {
        const merged = mergeTakingLift(held, fromFeed);
        expect(merged.liftedUpTo).toBe(fromFeed.liftedUpTo);
        expect(merged.issuedUpTo).toBe(Math.max(held.issuedUpTo, fromFeed.issuedUpTo));
        for (const one of counts(held, held.liftedUpTo) ? [held, fromFeed] : [fromFeed]) {
          expect(merged.denialStamp).toBeGreaterThanOrEqual(one.denialStamp);
          if (counts(one, merged.liftedUpTo)) expect(denialEnd(merged)).toBeGreaterThanOrEqual(one.deniedUntil);
        }
      }),
    );
  });

  it('brings back no denial held as lifted when the feed knows neither it nor its lift', () => {
    const held = rule({ deniedUntil: 900, denialStamp: 8, liftedUpTo: 8 });
    const lifted = rule({ deniedUntil: 700, denialStamp: 5, liftedUpTo: 5 });
    expect(denialEnd(mergeTakingLift(held, lifted))).toBe(0);
    const shorter = rule({ deniedUntil: 700, denialStamp: 6, liftedUpTo: 5 });
    expect(denialEnd(mergeTakingLift(held, shorter))).toBe(700);
    expect(denialEnd(mergeTakingLift(rule({ deniedUntil: 900, denialStamp: 8, liftedUpTo: 7 }), lifted))).toBe(900);
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(arbitraryRule, arbitraryRule, (held, fromFeed) => {
        const merged = mergeTakingLift(held, fromFeed);
        expect(mergeTakingLift(merged, fromFeed)).toEqual(merged);
      }),
    );
  });
});

describe('whether a rule denies', () => {
  it.each([
    ['before the cutoff', 99, true],
    ['in the second of the cutoff', 100, true],
    ['after the cutoff', 101, false],
  ])('a token issued %s', (_, issuedAt, expected) => {
    expect(denies(rule({ issuedUpTo: 100 }), issuedAt, 1000)).toBe(expected);
  });

  it.each([
    ['before the end of the denial', 199, true],
    ['at the end of the denial', 200, false],
    ['after the end of the denial', 201, false],
  ])('a token %s', (_, nowSeconds, expected) => {
    expect(denies(rule({ deniedUntil: 200, denialStamp: 1 }), 150, nowSeconds)).toBe(expected);
  });

  it.each([
    ['has not seen it', 9, true],
    ['has seen it', 10, false],
    ['has seen a later one', 11, false],
  ])('while a lift that %s is held', (_, lifted, expected) => {
    expect(denies(rule({ deniedUntil: forEver, denialStamp: 10, liftedUpTo: lifted }), 150, 160)).toBe(expected);
  });

  it('by its cutoff although its denial was lifted', () => {
    expect(denies(rule({ deniedUntil: forEver, issuedUpTo: 100, denialStamp: 10, liftedUpTo: 10 }), 100, 160)).toBe(
      true,
    );
  });

  it('no token when it is empty', () => {
    expect(denies(emptyRule, 1, 0)).toBe(false);
  });
});

describe('when a rule may be forgotten', () => {
  const lifetime = defaultMaxTokenLifetimeSeconds;

  it('is an hour after the end of a denial', () => {
    expect(forgettableAt(rule({ deniedUntil: 500, denialStamp: 1 }), lifetime)).toBe(500 + forgetAfterSeconds);
  });

  it('is an hour after the last token under a cutoff has expired everywhere', () => {
    const end = 500 + lifetime + ruleMarginSeconds + forgetAfterSeconds;
    expect(forgettableAt(rule({ issuedUpTo: 500 }), lifetime)).toBe(end);
  });

  it('is the later of the two when it is both, so that a short denial takes no cutoff with it', () => {
    const cutoffEnd = 500 + lifetime + ruleMarginSeconds + forgetAfterSeconds;
    expect(forgettableAt(rule({ issuedUpTo: 500, deniedUntil: 600, denialStamp: 1 }), lifetime)).toBe(cutoffEnd);
    const longer = 500 + lifetime * 2;
    expect(forgettableAt(rule({ issuedUpTo: 500, deniedUntil: longer, denialStamp: 1 }), lifetime)).toBe(
      longer + forgetAfterSeconds,
    );
  });

  it.each([
    ['a block', { deniedUntil: forEver, denialStamp: 1 }],
    ['a lifted block', { deniedUntil: forEver, denialStamp: 1, liftedUpTo: 1 }],
    ['a lift that came before any denial', { liftedUpTo: 9 }],
    ['a denial after a lift, whose tombstone it hides', { deniedUntil: 500, denialStamp: 9, liftedUpTo: 8 }],
  ])('is never for %s', (_, numbers) => {
    expect(forgettableAt(rule(numbers), lifetime)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is for a tombstone when the denial that it ended would have gone', () => {
    expect(forgettableAt(rule({ deniedUntil: 500, denialStamp: 1, liftedUpTo: 1 }), lifetime)).toBe(
      500 + forgetAfterSeconds,
    );
  });

  it('is never while a block lifted long ago could come back behind a shorter denial that was lifted as well', () => {
    const block = rule({ deniedUntil: forEver, denialStamp: 1 });
    const lifted = mergeRules(block, rule({ liftedUpTo: 1 }));
    const deniedForAWhile = mergeRules(lifted, rule({ deniedUntil: 500, denialStamp: 2 }));
    const liftedAgain = mergeRules(deniedForAWhile, rule({ liftedUpTo: 2 }));
    expect(denialEnd(liftedAgain)).toBe(0);
    expect(forgettableAt(liftedAgain, lifetime)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is never before the last token that it covers', () => {
    fc.assert(
      fc.property(arbitraryRule, fc.integer({ min: 1, max: 10 }), fc.nat(400_000), (held, issuedAt, now) => {
        fc.pre(now >= forgettableAt(held, lifetime));
        const tokenIsAlive = now < issuedAt + lifetime;
        expect(tokenIsAlive && denies(held, issuedAt, now)).toBe(false);
      }),
    );
  });
});
