import { describe, expect, it } from '@jest/globals';
import { checkLostRevocations } from '../../src/checkers/lost-revocations.ts';
import { readTimeline } from '../../src/checkers/timeline.ts';
import type { HistoryRecord } from '../../src/history.ts';
import { flushed, historyOf, lifted, probe, revoked } from './history-of.ts';

const found = (...records: readonly HistoryRecord[]) =>
  checkLostRevocations(readTimeline(historyOf(...records))).map(({ what }) => what);
const settled = { kind: 'checkpoint', atMs: 20_000 } as const;
const newcomer = { who: 'a-late', via: 'late' };

describe('I3', () => {
  it('finds a new process that accepts, after the checkpoint, a token whose rule a survivor held', () => {
    const records = [revoked(0), probe(1500, 'r'), flushed(), settled];
    expect(found(...records, probe(20_001, 'r', newcomer))).toEqual([]);
    expect(found(...records, probe(20_001, 'a', newcomer))).toEqual([
      'a-late (life 1, via late) accepts token 0, whose session is revoked: the revocation was lost',
    ]);
  });

  it('requires no denial for a rule that only the lost Redis held', () => {
    expect(found(revoked(0), flushed(), settled, probe(20_001, 'a', newcomer))).toEqual([]);
  });

  it('requires a denial that all redis replicas confirmed, when one of them becomes primary', () => {
    const confirmed = revoked(0, { redisReplicas: 1 });
    const failover = flushed({ replicasSurvive: true });
    expect(found(confirmed, failover, settled, probe(20_001, 'a', newcomer))).toHaveLength(1);
    const unconfirmed = revoked(0, { redisReplicas: 0, outcome: 'not_durable' });
    expect(found(unconfirmed, failover, settled, probe(20_001, 'a', newcomer))).toEqual([]);
  });

  it('requires a denial for a token of alsoHeld', () => {
    const known = flushed({ alsoHeld: [0] });
    expect(found(revoked(0), known, settled, probe(20_001, 'a', newcomer))).toHaveLength(1);
  });

  it('finds a process that accepts a token again after a denial, unless it was lifted or the process restarted', () => {
    const denied = [revoked(0), probe(1500, 'r')];
    expect(found(...denied, probe(1600, 'a'))).toHaveLength(1);
    expect(found(...denied, lifted(0, 1590), probe(1600, 'a'))).toEqual([]);
    expect(found(...denied, probe(1600, 'a', { life: 2 }))).toEqual([]);
  });
});
