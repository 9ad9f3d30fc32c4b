import { describe, expect, it } from '@jest/globals';
import { type AppliedResult, type Change, digestOf, digestToHex } from '@revocast/denylist/replica';
import { createRevocationHistory } from '../../src/console/revocation-history.ts';

const digest = digestOf({ dimension: 'session', issuer: 'https://login.example/', value: 's-1' });
const rule = { deniedUntil: 2000, issuedUpTo: 0, denialStamp: 1000, liftedUpTo: 0 };
const logout = {
  id: 'e-1',
  kind: 'revoke',
  dimension: 'session',
  reason: 'logout',
  actor: 'ann',
  requestedAtMs: 990,
} as const;
const live: Change = { digest, rule, loggedAtMs: 1000, details: logout };

function remember(...events: readonly [Change, AppliedResult, number | undefined][]) {
  const history = createRevocationHistory(3);
  for (const event of events) history.observer.changeApplied(...event);
  return history;
}

describe('the history of revocations', () => {
  it('keeps id, actor, reason, latency and digest', () => {
    expect(remember([live, 'applied', 1012]).recent()).toEqual([
      {
        kind: 'revoke',
        dimension: 'session',
        reason: 'logout',
        actor: 'ann',
        id: 'e-1',
        digest: digestToHex(digest),
        loggedAtMs: 1000,
        latencyMs: 22,
        propagationMs: 12,
      },
    ]);
  });

  it.each([
    ['the event', { ...logout, occurredAtMs: 900 }, 112],
    ['the request', logout, 22],
    ['the log', { id: 'e-1', kind: 'revoke' } as const, 12],
  ])('measures from the time of %s, the earliest known one', (_from, details, latencyMs) => {
    expect(remember([{ ...live, details }, 'applied', 1012]).recent()).toMatchObject([{ latencyMs }]);
  });

  it('has no latency below 0, even if clocks differ', () => {
    expect(remember([live, 'applied', 980]).recent()).toMatchObject([{ latencyMs: 0, propagationMs: 0 }]);
  });

  it('keeps a lift, without a latency and without counting it as a revocation', () => {
    const history = remember([{ ...live, details: { id: 'e-2', kind: 'lift' } }, 'applied', 1012]);
    expect(history.recent()).toMatchObject([{ kind: 'lift' }]);
    expect(history.recent()[0]?.latencyMs).toBeUndefined();
    expect([...history.countByReason()]).toEqual([]);
  });

  it.each<[string, Change, AppliedResult, number | undefined]>([
    ['what was held already', live, 'duplicate', 1012],
    ['what came with a snapshot', { digest, rule }, 'resynced', undefined],
    ['what a re-seed gave back', { ...live, details: { id: 'e-3', kind: 'reseed' } }, 'applied', 1012],
    ['what cannot be timed', live, 'applied', undefined],
  ])('leaves out %s', (_what, change, result, at) => {
    expect(remember([change, result, at]).recent()).toEqual([]);
  });

  it('finds the last statement about a value, and none about another value', () => {
    const lift: Change = { ...live, loggedAtMs: 2000, details: { ...logout, id: 'e-2', kind: 'lift' } };
    const history = remember([live, 'applied', 1012], [lift, 'applied', 2012]);
    expect(history.last(digestToHex(digest))).toMatchObject({ kind: 'lift', id: 'e-2', actor: 'ann' });
    expect(history.last('0'.repeat(32))).toBeUndefined();
  });

  it('is bounded, but its count by reason continues', () => {
    const history = remember(
      ...Array.from({ length: 5 }, () => [live, 'applied', 1012] as const).map(
        (event) => [...event] as [Change, AppliedResult, number],
      ),
    );
    for (const latency of [1, 2, -3, 4]) history.observer.heartbeatSeen(latency);
    expect(history.recent()).toHaveLength(3);
    expect(history.heartbeats()).toEqual([2, 0, 4]);
    expect([...history.countByReason()]).toEqual([['logout', 5]]);
  });
});
