import { describe, expect, it } from '@jest/globals';
import { emptyRule, forEver, forgettableAt, mergeRules, type Rule } from '../../src/rules/rule.ts';
import { applyStatement } from '../../src/rules/statement.ts';
import { holds } from './holds.ts';

describe('a block, its lift, and a block again', () => {
  it('stays a block when the lift was lost and only one sidecar has it', async () => {
    await holds(['deny 0 400', 'cut replication', 'lift 0 400', 'failover', 'deny 0 4000']);
  });

  it('stays a block when the last block was lost and only one sidecar has it', async () => {
    await holds(['deny 0', 'lift 0 400', 'isolate 1', 'cut replication', 'deny 0 400', 'failover', 'reconnect 1 4000']);
  });

  it('stays a block when a lift of the first one comes after the second was lost', async () => {
    await holds(['deny 0', 'cut replication', 'deny 0 400', 'failover', 'lift 0 4000']);
  });
});

describe('a lift', () => {
  it('that one sidecar has and the log lost is re-seeded like a rule', async () => {
    await holds(['deny 0 400', 'isolate 1', 'cut replication', 'lift 0 400', 'failover', 'reconnect 1 7000']);
  });

  it('is not undone by a sidecar that was disconnected before it', async () => {
    await holds(['deny 0 400', 'isolate 0', 'lift 0', 'wait 7000', 'reconnect 0 4000']);
  });

  it('is kept for as long as a process may have the denial: a sidecar that returns after a month does not restore it', () => {
    const time = (nowSeconds: number) => ({ nowSeconds, maxTokenLifetimeSeconds: 3600 });
    const said = (held: Rule, statement: Parameters<typeof applyStatement>[1], at: number): Rule => {
      const rule = applyStatement(held, statement, time(at));
      if (typeof rule === 'string') throw new Error(rule);
      return rule;
    };
    const block = said(emptyRule, { kind: 'deny', until: forEver }, 1000);
    const lifted = said(block, { kind: 'lift' }, 1001);
    const briefly = said(said(lifted, { kind: 'deny', until: 5000 }, 1002), { kind: 'lift' }, 1003);
    for (const tombstone of [lifted, briefly]) {
      expect(forgettableAt(tombstone, 3600)).toBe(Number.POSITIVE_INFINITY);
      expect(mergeRules(tombstone, block).denialStamp).toBeLessThanOrEqual(mergeRules(tombstone, block).liftedUpTo);
    }
  });

  it('does not end a cutoff: the block ends, and tokens from before the password change stay denied', async () => {
    await holds(['cutoff 0', 'deny 0', 'lift 0 4000', 'failover 4000']);
    await holds(['cutoff 0', 'deny 0', 'cut replication', 'lift 0 400', 'flush 7000']);
  });
});

describe('a process that connects to a sidecar with fewer entries', () => {
  it('enforces a denial again when only its dead sidecar had the lift', async () => {
    await holds([
      ...['deny 0', 'isolate 0', 'cut replication', 'lift 0 1000', 'kill sidecar 1', 'failover', 'reconnect 0'],
      'switch 1 0',
    ]);
  });

  it('does not enforce a lifted denial when denial and lift were lost together', async () => {
    await holds([
      ...['deny 0', 'lift 0 1000', 'isolate 0', 'cut replication', 'deny 0', 'lift 0 1000', 'kill sidecar 1'],
      ...['failover', 'reconnect 0', 'switch 1 0'],
    ]);
  });
});
