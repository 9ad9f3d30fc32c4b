import type { HistoryRecord, LossRecord, ProbeRecord, RunRecord, StatementRecord } from '../../src/history.ts';

/** A run with a bound of 3 s, and whatever a test plants in it. */
export function historyOf(...records: readonly HistoryRecord[]): HistoryRecord[] {
  return [run(), ...records];
}

export function run(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    kind: 'run',
    fault: 'planted',
    seed: 1,
    maxStalenessMs: 3000,
    boundMs: 3000,
    recoverWithinMs: 5000,
    clockReadingMs: 500,
    alwaysAvailable: false,
    ...changes,
  };
}

/** A session revoked between 990 and 1000 ms, acknowledged. */
export function revoked(token: number, changes: Partial<StatementRecord> = {}): StatementRecord {
  return {
    kind: 'statement',
    what: 'revoke',
    effect: 'denial',
    dimension: 'session',
    token,
    startedMs: 990,
    endedMs: 1000,
    outcome: 'acknowledged',
    redisReplicas: 0,
    ...changes,
  };
}

export function lifted(token: number, atMs: number, changes: Partial<StatementRecord> = {}): StatementRecord {
  return revoked(token, { what: 'lift', startedMs: atMs - 10, endedMs: atMs, ...changes });
}

/** What a1, behind s1, said of tokens 0, 1, … at a moment. */
export function probe(atMs: number, verdicts: string, changes: Partial<ProbeRecord> = {}): ProbeRecord {
  const cause = changes.fresh === false ? { cause: 'no_heartbeat' } : {};
  return {
    kind: 'probe',
    who: 'a1',
    life: 1,
    via: 's1',
    startMs: atMs,
    endMs: atMs,
    fresh: true,
    from: 0,
    verdicts,
    ...cause,
    ...changes,
  };
}

/** FLUSHALL at 2000 ms, which s1 lives through; healed by 9000 ms. */
export function flushed(changes: Partial<LossRecord> = {}): LossRecord {
  return {
    kind: 'loss',
    what: 'FLUSHALL',
    atMs: 2000,
    doneMs: 2010,
    untilMs: 9000,
    survivors: ['s1'],
    replicasSurvive: false,
    alsoHeld: [],
    ...changes,
  };
}
