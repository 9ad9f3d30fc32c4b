/**
 * The history of one run, as one JSON object a line. Times are milliseconds of the host's monotonic clock (hrtime),
 * which all processes of one host share. The history is the only input of the checkers.
 */
export type HistoryRecord =
  | RunRecord
  | StatementRecord
  | ProbeRecord
  | AppliedRecord
  | LifeRecord
  | FaultRecord
  | LossRecord
  | CheckpointRecord
  | MemoryRecord
  | ExpectationRecord
  | FigureRecord;

/** The guarantees that are checked in this run. */
export interface RunRecord {
  readonly kind: 'run';
  readonly fault: string;
  readonly seed: number;
  readonly maxStalenessMs: number;
  /** Maximum time from an acknowledgement to an accept. */
  readonly boundMs: number;
  /** Maximum time from the end of the last fault until every process is fresh. */
  readonly recoverWithinMs: number;
  /** Maximum error of a reported latency: the clock of the log is read over a round trip. */
  readonly clockReadingMs: number;
  /** No process that was fresh may answer "unavailable" in this run (a planned failover). */
  readonly alwaysAvailable: boolean;
}

export const statementOutcomes = [
  'acknowledged',
  'not_durable',
  'outcome_unknown',
  'unavailable',
  'refused',
  'too_many_broad_rules',
  'invalid',
  'id_conflict',
  'clock_disagreement',
  'wrong_log',
] as const;
export type StatementOutcome = (typeof statementOutcomes)[number];

/** A revocation or a lift, and its answer. */
export interface StatementRecord {
  readonly kind: 'statement';
  readonly what: 'revoke' | 'lift';
  /** `cutoff` denies by `iat` and cannot be lifted; `denial` can. */
  readonly effect: 'denial' | 'cutoff';
  readonly dimension: string;
  /** Index of the token that the statement names. */
  readonly token: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly outcome: StatementOutcome;
  /** The error code of the cause of a failure. */
  readonly failure?: string;
  readonly redisReplicas: number;
  /** The end of a denial with `expiresAt`. */
  readonly untilMs?: number;
}

/**
 * The verdicts of one process about many tokens. `verdicts` holds one letter for each token from index `from`; a number
 * after a letter is the length of a run of equal letters (`a12r`):
 *
 * - `a` accepted by the local list · `A` accepted by a look-up in the log · `p` unknown, accepted by policy
 * - `r` revoked by the local list · `R` revoked by a look-up · `u` unavailable
 */
export interface ProbeRecord {
  readonly kind: 'probe';
  readonly who: string;
  /** Number of the start of this process, from 1. */
  readonly life: number;
  /** The sidecar that it follows. */
  readonly via: string;
  /** Immediately before and after the checks. */
  readonly startMs: number;
  readonly endMs: number;
  readonly fresh: boolean;
  /** The cause, as the product reports it, if the process is not fresh. */
  readonly cause?: string;
  readonly from: number;
  readonly verdicts: string;
  /** The dimension of each denial, in the order of the denied tokens; only in sweeps. */
  readonly dimensions?: readonly string[];
}

/** A process applied a change from its feed and measured the latency. */
export interface AppliedRecord {
  readonly kind: 'applied';
  readonly who: string;
  readonly atMs: number;
  readonly token: number;
  /** Latency from the publisher's request to the change in this process, as the product reports it. */
  readonly reportedMs: number;
}

/** A process was started, ended, paused or resumed. */
export interface LifeRecord {
  readonly kind: 'life';
  readonly who: string;
  readonly life: number;
  readonly event: 'started' | 'killed' | 'stopped' | 'paused' | 'resumed';
  readonly atMs: number;
}

/** A fault was active between the two times. */
export interface FaultRecord {
  readonly kind: 'fault';
  readonly what: string;
  readonly beginMs: number;
  readonly endMs: number;
}

/**
 * The log lost data. Survivors write the rules that they hold back; a rule that no survivor holds may be lost. Until
 * `untilMs` the longer bound of this re-seed applies.
 */
export interface LossRecord {
  readonly kind: 'loss';
  readonly what: string;
  /** Immediately before and after the loss. */
  readonly atMs: number;
  readonly doneMs: number;
  /** From this time on the re-seed must be complete. */
  readonly untilMs: number;
  /** Sidecars that were connected to the log and kept running. */
  readonly survivors: readonly string[];
  /** A redis replica became primary, so a statement that all redis replicas confirmed is not lost. */
  readonly replicasSurvive: boolean;
  /** Tokens whose revocation a survivor holds although no process behind it has denied them yet. */
  readonly alsoHeld: readonly number[];
}

/** From this time on every process must be fresh and must deny every revoked token. */
export interface CheckpointRecord {
  readonly kind: 'checkpoint';
  readonly atMs: number;
}

export interface MemoryRecord {
  readonly kind: 'memory';
  readonly who: string;
  readonly atMs: number;
  readonly rules: number;
  readonly maxRules: number;
  readonly rssBytes: number;
  readonly maxRssBytes: number;
  readonly fresh: boolean;
  /** A rule did not fit. */
  readonly full: boolean;
}

/** A check by the script of a fault. It is a violation if it does not hold. */
export interface ExpectationRecord {
  readonly kind: 'expectation';
  readonly what: string;
  readonly held: boolean;
  readonly found?: string;
}

/** A duration for the report. No checker reads it. */
export interface FigureRecord {
  readonly kind: 'figure';
  readonly what: string;
  readonly ms: number;
}
