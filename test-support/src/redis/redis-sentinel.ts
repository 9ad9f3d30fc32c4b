import { until } from '../until.ts';
import { type RedisServer, type StartRedisOptions, startRedis } from './redis.ts';
import { askRedis } from './redis-ask.ts';

export interface StartSentinelsOptions {
  /** Number of replicas. Default 1. */
  replicas?: number;
  /** Number of Sentinels. Default 3; a majority must agree. */
  sentinels?: number;
  /** Milliseconds without an answer until the primary counts as down. Default 1000. */
  downAfterMs?: number;
  /** Directives of every data server. */
  config?: StartRedisOptions['config'];
}

/** A primary, its replicas and the Sentinels that watch them. */
export interface SentinelSetup {
  /** `redis+sentinel://127.0.0.1:…,…/revocast`. */
  readonly url: string;
  /** The name of the primary in the Sentinels. */
  readonly primaryName: string;
  /** The data servers. The first one is the primary at the start. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** The data server that the Sentinels currently report as primary. */
  primary(): Promise<RedisServer>;
  /**
   * Starts a planned failover. Resolves with the new primary when every Sentinel reports it.
   *
   * @param pauseWrites pauses writes first, so that no write is lost. Without it, the last writes to the old primary can
   *        be lost.
   */
  failover(options?: { pauseWrites?: boolean }): Promise<RedisServer>;
  stop(): Promise<void>;
}

const primaryName = 'revocast';

/** Starts all servers and waits until every Sentinel knows every replica and every other Sentinel. */
export async function startSentinels(options: StartSentinelsOptions = {}): Promise<SentinelSetup> {
  const { replicas = 1, sentinels: count = 3, downAfterMs = 1000, config = {} } = options;
  const started: RedisServer[] = [];
  const start = async (how: StartRedisOptions): Promise<RedisServer> => {
    const server = await startRedis(how);
    started.push(server);
    return server;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
  };
  try {
    const first = await start({ config });
    const others = Array.from({ length: replicas }, () => start({ config, replicaOf: first }));
    const servers = [first, ...(await Promise.all(others))];
    const quorum = Math.floor(count / 2) + 1;
    const watch = [
      `monitor ${primaryName} ${first.host} ${first.port} ${quorum}`,
      `down-after-milliseconds ${primaryName} ${downAfterMs}`,
      `failover-timeout ${primaryName} 5000`,
    ];
    const watching = Array.from({ length: count }, () => start({ sentinel: true, config: { sentinel: watch } }));
    const sentinels = await Promise.all(watching);
    await until(() => everySentinelKnows(sentinels, replicas), { what: 'the Sentinels to meet', timeoutMs: 20_000 });
    return setupOf(servers, sentinels, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function setupOf(
  servers: readonly RedisServer[],
  sentinels: readonly RedisServer[],
  stop: () => Promise<void>,
): SentinelSetup {
  const named = async (sentinel: RedisServer): Promise<RedisServer | undefined> => {
    const reply = await askRedis(sentinel, `SENTINEL GET-MASTER-ADDR-BY-NAME ${primaryName}`);
    const port = Number(/(\d+)\r\n$/.exec(reply)?.[1]);
    return servers.find((server) => server.port === port);
  };
  const primary = async (): Promise<RedisServer> => {
    const answers = await Promise.all(sentinels.map((sentinel) => named(sentinel).catch(() => undefined)));
    const server = answers.find((answer) => answer !== undefined);
    if (server === undefined) throw new Error('no Sentinel reports a primary of this setup');
    return server;
  };
  return {
    url: `redis+sentinel://${sentinels.map(({ host, port }) => `${host}:${port}`).join(',')}/${primaryName}`,
    primaryName,
    servers,
    sentinels,
    primary,
    async failover({ pauseWrites = false } = {}) {
      const [sentinel] = sentinels;
      if (sentinel === undefined) throw new Error('a failover needs at least one Sentinel');
      const old = await primary();
      if (pauseWrites) await askRedis(old, 'CLIENT PAUSE 10000 WRITE');
      await askRedis(sentinel, `SENTINEL FAILOVER ${primaryName}`);
      return await until(
        async () => {
          const answers = await Promise.all(sentinels.map(named));
          const [next] = answers;
          return next !== old && answers.every((answer) => answer === next) ? next : undefined;
        },
        { what: 'the failover', timeoutMs: 20_000 },
      );
    },
    stop,
  };
}

async function everySentinelKnows(sentinels: readonly RedisServer[], replicas: number): Promise<boolean> {
  const answers = await Promise.all(sentinels.map((sentinel) => askRedis(sentinel, 'INFO sentinel')));
  return answers.every(
    (info) => info.includes('status=ok,address=') && info.includes(`slaves=${replicas},sentinels=${sentinels.length}`),
  );
}
