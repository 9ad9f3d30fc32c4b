import type { World } from './world/world.ts';
import type { WorldOptions } from './world/world-options.ts';

/** Rows of the failure table. Each has at least one fault. */
export const failures = [
  'sidecar killed (-9) at any point',
  'out of memory, again and again',
  'PID namespaces on one volume',
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
  'slow API process, slow sidecar, slow Redis, snapshot on a slow link',
  'API process restart, start with everything down',
  'process resumes at a restarted or another sidecar, relay restarts',
  'short revocation beside a longer one',
  'streams stay open while the sidecar, Redis or a link is away',
  'wall clock jumps, clocks differ',
  'the clock of Redis is wrong',
  'a backup of Redis is restored',
  'a wrong log',
  'the disk fails',
  'capacity reached',
  'planned failover',
  'deploy storm',
  'partitioned old primary',
  'bad links',
  'WebSocket messages lost, repeated, reordered or changed',
  'a reader stops reading',
  'a reader returns while its old connection looks alive',
  'late registration upstream',
  'an authorization server is killed, or the log is down when it reports',
  'refreshes at once in two processes, and in races with logouts and password changes',
] as const;
export type Failure = (typeof failures)[number];

/** What a machine may lack. Such a fault is reported as not run. */
export type Need = 'pid namespace' | 'memory limit';

/** One fault: the processes it runs in, its script, and the guarantees that are checked. */
export interface Fault {
  /** `group/detail`, for `--only`. */
  readonly name: string;
  readonly failure: Failure;
  readonly world?: WorldOptions;
  /** Default nothing. */
  readonly needs?: readonly Need[];
  /** Added to `maxStalenessMs`, because the bound is longer on the minority side of a partition. Default 0. */
  readonly extraBoundMs?: number;
  /** Default 10 s: a back-off of up to 2 s and a resync in the sidecar and in the API process, and a busy machine. */
  readonly recoverWithinMs?: number;
  /** Maximum error of a reported latency. Default 500 ms. */
  readonly clockReadingMs?: number;
  /** No process that was fresh may become unavailable. */
  readonly alwaysAvailable?: boolean;
  /** The fault has no end: the suite does not wait for recovery and starts no new process. */
  readonly staysStale?: boolean;
  /** Whether revocations and lifts are published during the fault. Default true. */
  readonly traffic?: boolean;
  /** Causes the fault and ends it. */
  run(world: World): Promise<void>;
}
