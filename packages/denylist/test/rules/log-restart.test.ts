import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { LossRecovery } from '../../src/replication/loss-recovery.ts';
import { digestToHex } from '../../src/rules/digest.ts';
import { endOfRestart, isRestart, restartDigest, restartInForce } from '../../src/rules/log-restart.ts';
import { emptyRule, mergeRules, type Rule } from '../../src/rules/rule.ts';
import { Denylist } from '../../src/table/denylist.ts';

const restart = (denialStamp: number): Rule => ({ ...emptyRule, deniedUntil: denialStamp + 100, denialStamp });

describe('the restart of a log', () => {
  it('stands under the digest that docs/protocol.md gives it', () => {
    const hash = createHash('sha256').update('[1,"restart","",""]').digest('hex');
    expect(digestToHex(restartDigest)).toBe(hash.slice(0, 32));
    const other = restartDigest.slice();
    other[3] = 0;
    expect([isRestart(restartDigest.slice()), isRestart(other)]).toEqual([true, false]);
  });

  it.each([
    ['before its end', restart(50), 149, 50],
    ['at its end', restart(50), 150, undefined],
    ['when lifted', { ...restart(50), liftedUpTo: 50 }, 60, undefined],
    ['when an earlier one was lifted', { ...restart(50), liftedUpTo: 49 }, 60, 50],
    ['that is not there', undefined, 60, undefined],
  ])('is in force until its end, unless it is liftedUpTo: %s', (_when, rule, nowSeconds, expected) => {
    expect(restartInForce(rule, nowSeconds)).toBe(expected);
  });

  it('is ended by who saw it, and a later one is not', () => {
    const ended = mergeRules(restart(50), endOfRestart(restart(50)));
    expect(restartInForce(ended, 60)).toBeUndefined();
    expect(restartInForce(mergeRules(ended, restart(51)), 60)).toBe(51);
    expect(restartInForce(mergeRules(restart(51), endOfRestart(restart(50))), 60)).toBe(51);
  });
});

describe('a denylist', () => {
  it('knows the restart at once, however it came and went', () => {
    const denylist = new Denylist();
    expect(denylist.restart).toBeUndefined();
    denylist.merge({ digest: restartDigest, rule: restart(50) }, 'union');
    expect(denylist.restart).toEqual(restart(50));
    denylist.merge({ digest: restartDigest, rule: endOfRestart(restart(50)) }, 'union');
    expect(denylist.restart).toMatchObject({ denialStamp: 50, liftedUpTo: 50 });
  });
});

describe('a witness of a loss', () => {
  it('is who was whole when it was noticed, however many attempts it takes to read the next log', () => {
    const witness = new LossRecovery();
    expect(witness.holdsAll).toBe(false);
    witness.noticed(true, false);
    witness.reads('b');
    witness.noticed(false, true);
    witness.reads('b');
    expect(witness.holdsAll).toBe(true);
  });

  it('is not who was not, and not who was for an earlier one', () => {
    const witness = new LossRecovery();
    witness.noticed(true, false);
    witness.noticed(false, false);
    expect(witness.holdsAll).toBe(false);
  });

  it('is nobody for a second loss that came before it had recovered from the first', () => {
    const witness = new LossRecovery();
    witness.noticed(true, false);
    witness.reads('b');
    witness.noticed(false, true);
    witness.reads('c');
    expect(witness.holdsAll).toBe(false);
  });
});
