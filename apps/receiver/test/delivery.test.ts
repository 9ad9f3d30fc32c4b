import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, LogError, logErrorCodes } from '@revocast/denylist';
import { lateForm } from '../src/delivery/late-form.ts';
import { TargetQueue } from '../src/delivery/target-queue.ts';
import { afterFailure } from '../src/delivery/write-failure.ts';
import type { BlockEffect, LiftEffect } from '../src/signals/index.ts';

const hour = 3_600_000;
const now = 1_800_000_000_000;
const issuer = 'https://login.example.com';
const block: BlockEffect = {
  kind: 'block',
  id: 'a',
  target: 't',
  revocation: { issuer, subject: 'alice', reason: 'account_disabled', block: true },
  stateAtMs: now,
};
const lift: LiftEffect = { kind: 'lift', id: 'b', target: 't', lift: { issuer, subject: 'alice' }, stateAtMs: now };

describe('an event that waited in the spool', () => {
  it('is written as it is until it is 20 hours old', () => {
    expect(lateForm(block, now - 20 * hour, now)).toBe(block);
    expect(lateForm(lift, now - 20 * hour, now)).toBe(lift);
  });

  it('does not block after that, but ends the tokens issued so far, under another id', () => {
    expect(lateForm(block, now - 20 * hour - 1, now)).toEqual({
      kind: 'revoke',
      id: 'a-late',
      target: 't',
      revocation: { issuer, subject: 'alice', reason: 'account_disabled', issuedUpTo: now / 1000 },
      isWidened: false,
      isLate: true,
    });
  });

  it('lifts nothing after that', () => {
    expect(lateForm(lift, now - 20 * hour - 1, now)).toBeUndefined();
  });
});

describe('an error of the log', () => {
  const outcomes = {
    not_durable: 'not_durable',
    id_conflict: 'id_conflict',
    outcome_unknown: 'unavailable',
    unavailable: 'unavailable',
    clock_disagreement: 'unavailable',
    wrong_log: 'unavailable',
    too_many_broad_rules: 'unavailable',
    refused: 'rejected',
  } as const;

  it.each(logErrorCodes)('%s has an outcome', (code) => {
    expect(afterFailure(new LogError(code, 'as the test wants'), false).result).toBe(outcomes[code]);
  });

  it('keeps a cutoff that is refused: a clock is wrong, and will be corrected', () => {
    expect(afterFailure(new LogError('refused', 'as the test wants'), true)).toMatchObject({
      result: 'unavailable',
      isOwn: true,
    });
  });

  it('rejects what can never be a revocation, and keeps what fails for an unknown reason', () => {
    expect(afterFailure(new ConfigurationError('subject', 'as the test wants'), false)).toMatchObject({
      result: 'rejected',
    });
    expect(afterFailure(new TypeError('as the test wants'), false)).toMatchObject({
      result: 'unavailable',
      code: 'unexpected',
    });
  });
});

describe('tasks about the same value', () => {
  it('run in the order in which they were added, also after one that failed; others at the same time', async () => {
    const queue = new TargetQueue();
    const order: string[] = [];
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = queue.run(['a'], async () => {
      await gate;
      order.push('first');
      throw new Error('as the test wants');
    });
    const second = queue.run(['a', 'b'], async () => void order.push('second'));
    const third = queue.run(['b'], async () => void order.push('third'));
    await queue.run(['c'], async () => void order.push('other'));
    expect(order).toEqual(['other']);
    release();
    await expect(first).rejects.toThrow('as the test wants');
    await Promise.all([second, third]);
    expect(order).toEqual(['other', 'first', 'second', 'third']);
  });
});
