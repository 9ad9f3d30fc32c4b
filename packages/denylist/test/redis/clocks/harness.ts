import { type RedisServer, startRedis } from '@revocast/test-support';
import { readRule, viewOf } from '../../../src/codec/rows.ts';
import type { OpenedSource } from '../../../src/log/opened-source.ts';
import { connectRedis, type RedisConnection } from '../../../src/redis/connection/connect.ts';
import { readArray, readBytes } from '../../../src/redis/connection/replies.ts';
import { RedisSession } from '../../../src/redis/connection/session.ts';
import { Heartbeat } from '../../../src/redis/heartbeat.ts';
import { keys } from '../../../src/redis/keys.ts';
import { type Digest, digestToBytes } from '../../../src/rules/digest.ts';
import { emptyRule, type Rule } from '../../../src/rules/rule.ts';
import { openSource } from '../../../src/sources/open-source.ts';
import { parseRedisSource } from '../../../src/sources/redis-source.ts';
import { systemRandom as random, randomHex } from '../../../src/system-clock.ts';
import { hostClock, restoreRedisClock } from './shifted-redis.ts';

export const issuer = 'https://login.example.com/';
export const hourMs = 3_600_000;
export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** A Redis, and processes of several hosts that use it. */
export class ClockWorld {
  readonly server: RedisServer;
  readonly redis: RedisConnection;
  readonly #closing: (() => Promise<unknown>)[] = [];

  constructor(server: RedisServer, redis: RedisConnection) {
    this.server = server;
    this.redis = redis;
  }

  static async start(): Promise<ClockWorld> {
    const server = await startRedis();
    return new ClockWorld(server, await connectRedis(parseRedisSource(server.url, 'source')));
  }

  /** Ends what a test opened, and empties Redis. */
  async reset(): Promise<void> {
    restoreRedisClock();
    for (const close of this.#closing.splice(0).reverse()) await close();
    await this.redis.call('FLUSHALL', []);
  }

  async stop(): Promise<void> {
    await this.reset();
    this.redis.close();
    await this.server.stop();
  }

  atEnd(close: () => Promise<unknown>): void {
    this.#closing.push(close);
  }

  async open(aheadMs = 0, bootId = 'host-1'): Promise<OpenedSource> {
    const clock = hostClock(bootId, aheadMs);
    const source = await openSource(this.server.url, { clock, random, newEpoch: () => randomHex(8) });
    this.atEnd(() => source.close());
    return source;
  }

  /** The heartbeats of a sidecar, until they are stopped. */
  startBeats(aheadMs = 0, bootId = 'host-2', holder = bootId): { readonly stop: () => Promise<void> } {
    const clock = hostClock(bootId, aheadMs);
    const source = parseRedisSource(this.server.url, 'source');
    const session = new RedisSession(source, { clock, random, timeouts: { commandMs: 2000 } });
    const heartbeat = new Heartbeat({ session, clock, holder });
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= heartbeat.stop().finally(() => session.close());
      return stopping;
    };
    this.atEnd(stop);
    return { stop };
  }

  /** One heartbeat of the lease holder. */
  async beat(aheadMs = 0, bootId = 'host-2'): Promise<void> {
    await this.startBeats(aheadMs, bootId).stop();
  }

  async ruleOf(digest: Digest): Promise<Rule> {
    const [value] = readArray(await this.redis.call('HMGET', [keys.rules, digestToBytes(digest)]), 'HMGET');
    return value === null ? emptyRule : readRule(viewOf(readBytes(value, 'rule')), 0);
  }
}
