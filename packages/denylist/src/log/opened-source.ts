import type { Clock, Random } from '../clock.ts';
import type { Reseed } from '../replication/reseed.ts';
import type { Feed } from './feed.ts';
import type { LookUp } from './look-up.ts';
import type { RevocationLog } from './revocation-log.ts';
import type { SourceHealth } from './source-health.ts';
import type { UsageStore } from './usage.ts';

export interface OpenSourceOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** 16 hex digits for names that must be new: an embedded log's epoch. */
  readonly newEpoch: () => string;
  /** File with the bearer token for writes to another sidecar. Without it a relay cannot give back what was lost. */
  readonly tokenFile?: string;
}

/** Everything one URL offers: a feed to follow, a log to write, and what keeps that log alive. */
export interface OpenedSource {
  readonly kind: 'redis' | 'http' | 'file' | 'memory';
  /** Without credentials. */
  readonly name: string;
  readonly feed: Feed;
  readonly log: RevocationLog;
  /** Given where a lost rule can be given back. */
  readonly reseed?: Reseed;
  readonly lookUp?: LookUp;
  /** Where the usage is counted that processes report. An embedded log counts none. */
  readonly usage?: UsageStore;
  /** Only Redis needs somebody to write heartbeats; starts trying for the lease. */
  startHeartbeat?(options: { readonly holder: string; readonly onFailure?: (error: unknown) => void }): {
    readonly leading: boolean;
    /** One heartbeat at once, whoever has the lease. */
    beatNow(): void;
    stop(): Promise<void>;
  };
  /** Declares a first log whole. Only where a log can be born unsure of itself. */
  declareWhole?(): Promise<'created' | 'healed' | 'whole'>;
  /** One look at how the source is set up. Only where that is somebody else's. @throws FeedError when out of reach. */
  health?(): Promise<SourceHealth>;
  close(): Promise<void>;
}
