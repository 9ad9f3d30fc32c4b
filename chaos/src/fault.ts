import type { World } from './world/world.ts';
import type { WorldOptions } from './world/world-options.ts';

/** Rows of the failure table; every one has at least one fault here. */
export const failures = [
  'sidecar killed (-9) at any point',
  'Redis down / SIGSTOP',
  'half-open link to Redis / to the sidecar',
  'Redis restarted empty, FLUSHALL',
  'failover to a lagging redis replica',
  'failover between a snapshot and its second head',
  'lifts under failure',
  'old heartbeat read late',
  'stream trimmed past a reader, file shortened',
  'thousands of rules with one end second; prune, raise, lift during a snapshot',
  'Redis refuses: policy, memory, read-only, rights, loading, wrong type',
  'slow API process, slow sidecar, snapshot on a slow link',
  'API process restart, start with everything down',
  'process resumes at a restarted or another sidecar, relay restarts',
  'short revocation beside a longer one',
  'wall clock jumps, clocks differ',
  'capacity reached',
  'planned failover',
  'deploy storm',
  'partitioned old primary',
  'bad links',
] as const;
export type Failure = (typeof failures)[number];

/** One fault: a world, what goes wrong in it, and what is promised meanwhile. */
export interface Fault {
  /** `group/detail`, for `--only`. */
  readonly name: string;
  readonly failure: Failure;
  readonly world?: WorldOptions;
  /** Added to `maxStalenessMs`: the bound on the cut-off side of a partition is longer. Default 0. */
  readonly extraBoundMs?: number;
  /** Default 10 s: back-offs of up to 2 s in a sidecar and then in a process, a resync each, and a busy machine. */
  readonly recoverWithinMs?: number;
  /** Default 500 ms: what a reported latency may be off by. */
  readonly clockReadingMs?: number;
  /** No process that was fresh may become unavailable. */
  readonly alwaysAvailable?: boolean;
  /** The fault does not end: no recovery is awaited, and no new process is started. */
  readonly staysStale?: boolean;
  /** Whether revocations and lifts go on all the while. Default true. */
  readonly traffic?: boolean;
  /** Brings the world into trouble and out of it. */
  run(world: World): Promise<void>;
}
