import type { Clock, Random } from '../clock.ts';
import type { Feed } from '../log/feed.ts';
import type { LookUp } from '../log/look-up.ts';
import type { RevocationLog } from '../log/revocation-log.ts';
import type { SourceHealth } from '../log/source-health.ts';
import type { UsageStore } from '../log/usage.ts';
import type { Reseed } from '../replication/reseed.ts';
import { parseSource } from './source.ts';

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

/** @throws ConfigurationError for a URL that cannot be a source, or a missing ioredis; never because it is out of reach. */
export async function openSource(url: string, options: OpenSourceOptions): Promise<OpenedSource> {
  const source = parseSource(url, 'source');
  const { clock } = options;
  switch (source.kind) {
    case 'redis': {
      const { loadClient } = await import('../redis/connection/load-client.ts');
      await loadClient();
      const { openRedisSource } = await import('../redis/source.ts');
      return openRedisSource(source, options);
    }
    case 'http': {
      const { openHttpSource } = await import('../http/client/source.ts');
      return openHttpSource(source, options);
    }
    case 'file': {
      const { openFileSource } = await import('../embedded/file/source.ts');
      return await openFileSource(source, options);
    }
    case 'memory': {
      const { createEmbeddedLog } = await import('../embedded/memory/embedded-log.ts');
      const { log, feed, lookUp } = createEmbeddedLog({ clock, epoch: options.newEpoch() });
      return { kind: 'memory', name: source.name, log, feed, lookUp, close: () => log.close() };
    }
  }
}
