import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { digestToHex } from '../../src/rules/digest.ts';
import { endOfRestart, restartDigest, restartInForce } from '../../src/rules/log-restart.ts';
import { emptyRule, mergeRules, type Rule } from '../../src/rules/rule.ts';
import { Denylist } from '../../src/table/denylist.ts';

const restart = (denialStamp: number): Rule => ({ ...emptyRule, deniedUntil: denialStamp + 100, denialStamp });

describe('the restart of a log', () => {
  it('has the digest that docs/protocol.md names', () => {
    const hash = createHash('sha256').update('[1,"restart","",""]').digest('hex');
    expect(digestToHex(restartDigest)).toBe(hash.slice(0, 32));
  });

  it.each([
    ['before its end', restart(50), 149, 50],
    ['at its end', restart(50), 150, undefined],
    ['after its lift', { ...restart(50), liftedUpTo: 50 }, 60, undefined],
    ['after the lift of an earlier one', { ...restart(50), liftedUpTo: 49 }, 60, 50],
    ['when there is none', undefined, 60, undefined],
  ])('is in force until its end or its lift: %s', (_when, rule, nowSeconds, expected) => {
    expect(restartInForce(rule, nowSeconds)).toBe(expected);
  });

  it('is ended by its own end rule, which does not end a later one', () => {
    const ended = mergeRules(restart(50), endOfRestart(restart(50)));
    expect(restartInForce(ended, 60)).toBeUndefined();
    expect(restartInForce(mergeRules(ended, restart(51)), 60)).toBe(51);
    expect(restartInForce(mergeRules(restart(51), endOfRestart(restart(50))), 60)).toBe(51);
  });
});

describe('a denylist', () => {
  it('returns the restart after every change of it', () => {
    const denylist = new Denylist();
    expect(denylist.restart).toBeUndefined();
    denylist.merge({ digest: restartDigest, rule: restart(50) }, 'union');
    expect(denylist.restart).toEqual(restart(50));
    denylist.merge({ digest: restartDigest, rule: endOfRestart(restart(50)) }, 'union');
    expect(denylist.restart).toMatchObject({ denialStamp: 50, liftedUpTo: 50 });
  });
});
