import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, startTcpProxy, type TcpProxy } from '@revocast/test-support';
import { connectRedis } from '../../src/redis/connection/connect.ts';
import { keys } from '../../src/redis/keys.ts';
import { declareScript } from '../../src/redis/scripts/log.ts';
import { openReplica } from '../../src/replication/open-replica.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

// The proof is then at most a few seconds old, so a busy machine cannot fail this test. Without limits that follow the
// round trip every report fails, and the replica gets no proof at all.
const maxStalenessMs = 20_000;
const delayMs = 550;
/** More than `maxStalenessMs`. */
const observedMs = 25_000;

describe('a Redis whose replies come more than a second late', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    proxy.delay(0);
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('makes no replica stale', async () => {
    redis = await startRedis();
    closing.push(() => redis.stop());
    proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: redis.port } });
    closing.push(() => proxy.close());
    const direct = await connectRedis(parseRedisSource(redis.url, 'source'));
    await direct.run(declareScript, [keys.rules, keys.log, keys.meta], [randomHex(8), 86_400, 3_600_000]);
    direct.close();

    const states: string[] = [];
    const failures: unknown[] = [];
    const source = await openSource(`redis://127.0.0.1:${proxy.port}`, { clock, random, newEpoch: () => randomHex(8) });
    closing.push(() => source.close());
    const observer = { freshnessChanged: ({ state }: { state: string }) => void states.push(state) };
    const replica = openReplica({ feed: source.feed, clock, random, maxStalenessMs, observer });
    closing.push(() => replica.close());
    const heartbeat = source.startHeartbeat?.({ holder: 'us', onFailure: (error) => failures.push(error) });
    closing.push(async () => heartbeat?.stop());
    await replica.ready({ timeoutMs: 20_000 });

    states.length = 0;
    proxy.delay(delayMs);
    await sleep(observedMs);
    expect({ states, failures, state: replica.status().freshness.state }).toEqual({
      states: [],
      failures: [],
      state: 'fresh',
    });
  });
});
