import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { digestOf, digestSetOf } from '../../src/rules/digest.ts';
import { emptyRule, forEver } from '../../src/rules/rule.ts';
import { Denylist } from '../../src/table/denylist.ts';

const value = (name: string) => ({ dimension: 'subject', issuer: 'https://issuer.test', value: name }) as const;

describe('given a token that was found clear', () => {
  const block = { digest: digestOf(value('alice')), rule: { ...emptyRule, deniedUntil: forEver, denialStamp: 1 } };

  it('denies it after the next change that concerns it', () => {
    const denylist = new Denylist();
    const digests = digestSetOf([value('alice')]);
    expect(denylist.denyingDimension(digests, 10, 20)).toBeUndefined();
    denylist.merge(block, 'union');
    expect(denylist.denyingDimension(digests, 10, 20)).toBe('subject');
  });

  it('denies it after a snapshot that concerns it', () => {
    const denylist = new Denylist();
    const digests = digestSetOf([value('alice')]);
    expect(denylist.denyingDimension(digests, 10, 20)).toBeUndefined();
    const source = new Denylist();
    source.merge(block, 'union');
    for (const words of source.snapshot().chunks()) denylist.mergeRows(words, 'take');
    expect(denylist.denyingDimension(digests, 10, 20)).toBe('subject');
  });

  it('denies an earlier token with the same values by a cutoff between the two', () => {
    const denylist = new Denylist();
    denylist.merge({ digest: digestOf(value('alice')), rule: { ...emptyRule, issuedUpTo: 100 } }, 'union');
    const digests = digestSetOf([value('alice')]);
    expect(denylist.denyingDimension(digests, 101, 200)).toBeUndefined();
    expect(denylist.denyingDimension(digests, 100, 200)).toBe('subject');
  });

  it('is not clear for another denylist', () => {
    const empty = new Denylist();
    const other = new Denylist();
    other.merge(block, 'union');
    const digests = digestSetOf([value('alice')]);
    expect(empty.denyingDimension(digests, 10, 20)).toBeUndefined();
    expect(other.denyingDimension(digests, 10, 20)).toBe('subject');
  });

  it('is judged as if it had never been asked before, whatever happens in between', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const), issuedAt: fc.integer({ min: 0, max: 5 }) }),
      fc.record({
        kind: fc.constant('change' as const),
        name: fc.constantFrom('alice', 'bob'),
        rule: fc.record({
          deniedUntil: fc.constantFrom(0, 10, forEver),
          issuedUpTo: fc.integer({ min: 0, max: 5 }),
          denialStamp: fc.integer({ min: 0, max: 3 }),
          liftedUpTo: fc.integer({ min: 0, max: 3 }),
        }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const denylist = new Denylist();
        const asked = digestSetOf([value('alice')]);
        for (const each of steps) {
          if (each.kind === 'change') denylist.merge({ digest: digestOf(value(each.name)), rule: each.rule }, 'union');
          else {
            const anew = digestSetOf([value('alice')]);
            const expected = denylist.denyingDimension(anew, each.issuedAt, 5);
            expect(denylist.denyingDimension(asked, each.issuedAt, 5)).toBe(expected);
          }
        }
      }),
    );
  });
});
