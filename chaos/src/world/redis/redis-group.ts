import { type RedisServer, startCluster, startSentinels } from '@revocast/test-support';

/** How the Redis of a world is made highly available, by Redis itself. */
export type Topology = 'cluster' | 'sentinel';

/** A Redis of several servers that processes reach without links. */
export interface RedisGroup {
  readonly url: string;
  /** The server that holds the log now. */
  primary(): Promise<RedisServer>;
  /** A planned failover to a redis replica. */
  failover(): Promise<void>;
  /** Moves the slot of the log to another primary, key by key. Only in a cluster. */
  moveSlot(): Promise<void>;
  stop(): Promise<void>;
}

/** Any key of the log: all are in one slot. */
const key = '{revocast}:rules';

export async function startGroup(
  topology: Topology,
  config: Readonly<Record<string, string | readonly string[]>> = {},
): Promise<RedisGroup> {
  if (topology === 'cluster') {
    const cluster = await startCluster({ config });
    return {
      url: cluster.url,
      primary: () => cluster.ownerOf(key),
      failover: async () => void (await cluster.failover(key)),
      moveSlot: () => cluster.moveSlot(key),
      stop: () => cluster.stop(),
    };
  }
  const sentinels = await startSentinels({ config });
  return {
    url: sentinels.url,
    primary: () => sentinels.primary(),
    failover: async () => void (await sentinels.failover({ pauseWrites: true })),
    moveSlot: () => Promise.reject(new Error('expected a cluster, found Sentinels')),
    stop: () => sentinels.stop(),
  };
}
