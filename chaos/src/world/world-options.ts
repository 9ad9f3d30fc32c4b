import type { RedisServer } from '@revocast/test-support';

/** What a world is made of. */
export interface WorldOptions {
  /** Copies of Redis beside the primary, each behind a link of its own. Default 0. */
  readonly redisReplicas?: number;
  /** Directives for every redis-server. */
  readonly redisConfig?: Readonly<Record<string, string | readonly string[]>>;
  /** Default 2, named s1, s2, …, each behind a link to the primary. */
  readonly sidecars?: number;
  /** API processes a sidecar, default 1: a1 follows s1, a2 follows s2, a3 follows s1, … */
  readonly apisPerSidecar?: number;
  /** Default 3000. */
  readonly maxStalenessMs?: number;
  readonly maxRules?: number;
  /** Whether API processes may ask Redis when memory cannot tell. */
  readonly lookUp?: boolean;
  readonly whenUnknown?: 'unavailable' | 'accept';
  /** Adds e1 behind s1: an Express app with `protect`, asked over HTTP. Default false. */
  readonly express?: boolean;
  /** Whether the first log is declared whole, as `revocast-sidecar init` does. Default true. */
  readonly declared?: boolean;
  /** Done to the primary before anybody is there: rules put in by hand, settings gone wrong. */
  readonly prepare?: (primary: RedisServer) => Promise<void>;
  /** Whether sidecars and API processes are started, and awaited. Default true. */
  readonly started?: boolean;
}

/** Shorter than the product's own default, so that faults need not last as long. */
export const defaultMaxStalenessMs = 3000;

export interface LossOptions {
  /** Sidecars that are connected to the log and live through it. */
  readonly survivors: readonly string[];
  /** What all redis replicas confirmed is not lost. Default false. */
  readonly replicasSurvive?: boolean;
  /** Tokens that a survivor holds although no process behind it can show it yet. */
  readonly alsoHeld?: readonly number[];
  /** What else happens before the survivors can write back what they hold. */
  readonly healing?: () => Promise<unknown>;
}

/** Jitter of a re-seed (1 s), the longest pause before a reader dials again (2 s), and a busy machine. */
export const reseedAllowanceMs = 4000;
