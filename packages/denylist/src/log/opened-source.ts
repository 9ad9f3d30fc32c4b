import type { Clock, Random } from '../clock.ts';
import type { LogMemory } from '../replication/log-memory.ts';
import type { Reseed } from '../replication/reseed.ts';
import type { Change } from '../rules/event.ts';
import type { TransportOptions } from '../sources/source.ts';
import type { Feed } from './feed.ts';
import type { LookUp } from './look-up.ts';
import type { RevocationLog } from './revocation-log.ts';
import type { SourceHealth } from './source-health.ts';
import type { UsageStore } from './usage.ts';

export interface OpenSourceOptions extends TransportOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Returns 16 hex digits that were never used: the epoch of a new embedded log. */
  readonly newEpoch: () => string;
  /** File with the bearer token for writes to another sidecar. Without it a relay cannot re-seed. */
  readonly tokenFile?: string | undefined;
}

/** What the URL of a source provides: a feed to follow, a log to write, and the tasks that keep the log alive. */
export interface OpenedSource {
  readonly kind: 'redis' | 'http' | 'file' | 'memory';
  /** Without credentials. */
  readonly name: string;
  readonly feed: Feed;
  readonly log: RevocationLog;
  /** Present where lost rules can be re-seeded. */
  readonly reseed?: Reseed;
  readonly lookUp?: LookUp;
  /** Counts the usage that processes report. An embedded log has none. */
  readonly usage?: UsageStore;
  /** Starts to write heartbeats whenever this process has the lease. Only Redis needs it. */
  startHeartbeat?(options: {
    readonly holder: string;
    /** What this process remembers of the log; default nothing. */
    readonly memory?: LogMemory;
    /** A log without an identity gets this one. */
    readonly expectLog?: string;
    readonly onFailure?: (error: unknown) => void;
  }): {
    /** Writes one heartbeat at once, with or without the lease. */
    beatNow(): void;
    stop(): Promise<void>;
  };
  /** Declares that a first log is complete and ends its healing. Only where a new log begins healing. */
  declareWhole?(): Promise<'created' | 'healed' | 'whole'>;
  /**
   * The revocations and lifts that the log still has, oldest first. Only Redis keeps them: for an hour.
   *
   * @param sinceMs Unix milliseconds of the clock of the log. @throws FeedError
   */
  history?(sinceMs: number): AsyncIterable<Change>;
  /** Gives a log of the last release the skew of a new one. @returns whether it was lower. Only Redis can have one. */
  raiseSkew?(): Promise<boolean>;
  /** Deletes stored rules that no clock can have stated. @returns how many. Only Redis can be given such rules. */
  repair?(): Promise<number>;
  /** Reads settings and figures of a source that is a server of its own. @throws FeedError when it cannot be reached. */
  health?(): Promise<SourceHealth>;
  close(): Promise<void>;
}
