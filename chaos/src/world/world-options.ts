import type { RedisServer } from '@revocast/test-support';
import type { Topology } from './redis/redis-group.ts';

/** The processes and settings of a world. */
export interface WorldOptions {
  /** A Redis with its own failover. Processes reach it without links, and `redisReplicas` has no effect. */
  readonly topology?: Topology;
  /** Milliseconds between two statements of the traffic. Default 120. */
  readonly trafficEveryMs?: number;
  /** Whether each sidecar remembers the log in a file. Default false. */
  readonly stateFiles?: boolean;
  /** Whether sidecars follow the log of the first primary only (`expectLog`). Default false. */
  readonly pinned?: boolean;
  /** Number of redis replicas, each behind its own link. Default 0. */
  readonly redisReplicas?: number;
  /** Directives for every redis-server. */
  readonly redisConfig?: Readonly<Record<string, string | readonly string[]>>;
  /** Whether the clock and the disk of each Redis can be disturbed. Needs a C compiler. Default false. */
  readonly systemFaults?: boolean;
  /** Default 2, named s1, s2, …, each behind a link to the primary. */
  readonly sidecars?: number;
  /** Number of API processes for each sidecar: a1 follows s1, a2 follows s2, a3 follows s1, … Default 1. */
  readonly apisPerSidecar?: number;
  /** Default 3000. */
  readonly maxStalenessMs?: number;
  readonly maxRules?: number;
  /** Whether API processes look a token up in Redis when the verdict is unknown. Default false. */
  readonly lookUp?: boolean;
  readonly whenUnknown?: 'unavailable' | 'accept';
  /** Adds e1 behind s1: an Express app with `protect`, probed over HTTP. Default false. */
  readonly express?: boolean;
  /** Adds w1 behind s1: a process with an open stream for each token, on which it sends an event at each probe. Default false. */
  readonly streams?: boolean;
  /** Whether the first log is declared complete, as `revocast-sidecar init` does. Default true. */
  readonly declared?: boolean;
  /** Changes the primary before other processes start, for example adds rules or wrong settings. */
  readonly prepare?: (primary: RedisServer) => Promise<void>;
  /** Whether `World.open` starts sidecars and API processes and waits until they are fresh. Default true. */
  readonly started?: boolean;
}

/** Shorter than the default of the product, so that faults can be shorter. */
export const defaultMaxStalenessMs = 3000;

export interface LossOptions {
  /** Sidecars that are connected to the log and keep running. */
  readonly survivors: readonly string[];
  /** A statement that all redis replicas confirmed is not lost. Default false. */
  readonly replicasSurvive?: boolean;
  /** Tokens whose revocation a survivor holds although no process behind it has denied them yet. */
  readonly alsoHeld?: readonly number[];
  /** Steps that must happen before the survivors can write their rules back. */
  readonly healing?: () => Promise<unknown>;
}

/** Jitter of a re-seed (1 s), the longest pause before a reader reconnects (2 s), and a busy machine. */
export const reseedAllowanceMs = 4000;
