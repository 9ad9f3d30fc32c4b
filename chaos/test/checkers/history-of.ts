import type { HistoryRecord, LossRecord, ProbeRecord, RunRecord, StatementRecord } from '../../src/history.ts';

/** A run with a bound of 3 s and these records. */
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

/** The acknowledged revocation of a session, from 990 to 1000 ms. */
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

/** A probe of tokens 0, 1, … by a1, which follows s1. */
export function probe(atMs: number, verdicts: string, changes: Partial<ProbeRecord> = {}): ProbeRecord {
  const cause = changes.fresh === false ? 'no_heartbeat' : undefined;
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
    cause,
    ...changes,
  };
}

/** FLUSHALL at 2000 ms. s1 keeps running and has written its rules back by 9000 ms. */
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
