/**
 * What happened in one run, as one JSON object a line. Times are milliseconds of the host's monotonic clock (hrtime),
 * which all processes of one host share. Checkers read nothing else.
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

/** What was promised in this run. */
export interface RunRecord {
  readonly kind: 'run';
  readonly fault: string;
  readonly seed: number;
  readonly maxStalenessMs: number;
  /** After an acknowledgement, no accept later than this. */
  readonly boundMs: number;
  /** After the last fault ended, every process is fresh again within this. */
  readonly recoverWithinMs: number;
  /** What a reported latency may be off by: the log's clock is read over a round trip, and that takes its time. */
  readonly clockReadingMs: number;
  /** No accepted token may turn unavailable in this run (a planned failover). */
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
] as const;
export type StatementOutcome = (typeof statementOutcomes)[number];

/** A revocation or a lift, and its answer. */
export interface StatementRecord {
  readonly kind: 'statement';
  readonly what: 'revoke' | 'lift';
  /** `cutoff` denies by `iat` and cannot be lifted; `denial` can. */
  readonly effect: 'denial' | 'cutoff';
  readonly dimension: string;
  /** Index of the token whose value was named. */
  readonly token: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly outcome: StatementOutcome;
  /** The code behind a failure, in the product's words. */
  readonly failure?: string;
  readonly redisReplicas: number;
  /** A denial that ends by itself: when the promise ends. */
  readonly untilMs?: number;
}

/**
 * One look of one process at many tokens. `verdicts` holds a letter a token from index `from`, each followed by how often
 * it repeats when that is more than once (`a12r`):
 *
 * - `a` accepted by the local list · `A` accepted by a look-up in the log · `p` accepted by policy, though unknown
 * - `r` revoked by the local list · `R` revoked by a look-up · `u` unavailable
 */
export interface ProbeRecord {
  readonly kind: 'probe';
  readonly who: string;
  /** Counts restarts of the process. */
  readonly life: number;
  /** The sidecar it followed. */
  readonly via: string;
  /** Just before and just after the look. */
  readonly startMs: number;
  readonly endMs: number;
  readonly fresh: boolean;
  /** Why it is not fresh, in the product's words. */
  readonly cause?: string;
  readonly from: number;
  readonly verdicts: string;
  /** Dimensions by which it denied, in order of the denied tokens; only in probes made for it. */
  readonly dimensions?: readonly string[];
}

/** A process applied a live change and measured its latency. */
export interface AppliedRecord {
  readonly kind: 'applied';
  readonly who: string;
  readonly atMs: number;
  readonly token: number;
  /** From the publisher's request to here, as the product says. */
  readonly reportedMs: number;
}

/** A process began or ended, was paused or went on. */
export interface LifeRecord {
  readonly kind: 'life';
  readonly who: string;
  readonly life: number;
  readonly event: 'started' | 'killed' | 'stopped' | 'paused' | 'resumed';
  readonly atMs: number;
}

/** A fault was in force between the two times. */
export interface FaultRecord {
  readonly kind: 'fault';
  readonly what: string;
  readonly beginMs: number;
  readonly endMs: number;
}

/**
 * The log forgot something. A rule that a survivor held must come back; a rule that no process held may be lost. Until it has come back,
 * the bound is longer by the survivors' re-seed.
 */
export interface LossRecord {
  readonly kind: 'loss';
  readonly what: string;
  /** Before the log forgot, and after. */
  readonly atMs: number;
  readonly doneMs: number;
  /** Everything that can be written back has been. */
  readonly untilMs: number;
  /** Sidecars that were connected to the log and lived through it. */
  readonly survivors: readonly string[];
  /** What all redis replicas had confirmed was not lost: one of them took over. */
  readonly replicasSurvive: boolean;
  /** Tokens that a survivor is known to hold although no process behind it could show it yet. */
  readonly alsoHeld: readonly number[];
}

/** From here on everything must have settled: every process fresh, everything promised denied. */
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

/** Something a fault's own script looked at: counted like every other violation when it does not hold. */
export interface ExpectationRecord {
  readonly kind: 'expectation';
  readonly what: string;
  readonly held: boolean;
  readonly found?: string;
}

/** How long something took, for the report only: no checker judges it. */
export interface FigureRecord {
  readonly kind: 'figure';
  readonly what: string;
  readonly ms: number;
}
