import type { OpenedSource, OpenSourceOptions } from '../log/opened-source.ts';
import { defaultMaxTokenLifetimeSeconds } from '../rules/rule.ts';
import type { RedisSource } from '../sources/source.ts';
import { readArray, readText } from './connection/replies.ts';
import { RedisSession } from './connection/session.ts';
import { createRedisFeed } from './feed.ts';
import { createRedisHealth } from './health.ts';
import { startHeartbeat } from './heartbeat.ts';
import { keys } from './keys.ts';
import { createRedisLog, logRetentionMs } from './log.ts';
import { createRedisReseed } from './reseed.ts';
import { declareScript } from './scripts.ts';
import { createRedisUsage } from './usage.ts';

/** A reply that takes longer is given up, and the connection with it. */
const commandMs = 2000;

/**
 * Redis as a source: publishing, keeping house and counting have a connection each, so that none waits for another. A
 * connection is dialled when it is first needed.
 */
export function openRedisSource(source: RedisSource, { clock, random, newEpoch }: OpenSourceOptions): OpenedSource {
  const timeouts = { commandMs, silenceMs: commandMs };
  const publishing = new RedisSession(source, { clock, random, timeouts });
  const keeping = new RedisSession(source, { clock, random, timeouts });
  const usage = createRedisUsage(new RedisSession(source, { clock, random, timeouts: { commandMs } }));
  let evictions = 0;
  return {
    kind: 'redis',
    name: source.name,
    feed: createRedisFeed(source, { clock, random, losses: () => evictions }),
    log: createRedisLog(publishing, clock),
    reseed: createRedisReseed(keeping),
    usage,
    health: createRedisHealth(keeping, {
      clock,
      // An evicted rule leaves no trace in the log: only reading everything anew shows what has to be given back.
      onEviction: () => {
        evictions += 1;
      },
    }),
    startHeartbeat: (options) => startHeartbeat({ ...options, session: keeping, clock }),
    async declareWhole() {
      const redis = await keeping.get();
      const args = [newEpoch(), defaultMaxTokenLifetimeSeconds, logRetentionMs];
      const reply = await redis.run(declareScript, [keys.rules, keys.log, keys.meta], args);
      const outcome = readText(readArray(reply, 'declare')[0], 'declare');
      return outcome === 'created' || outcome === 'healed' ? outcome : 'whole';
    },
    async close() {
      publishing.close();
      keeping.close();
      usage.close();
    },
  };
}
