import type { OpenedSource, OpenSourceOptions } from '../log/opened-source.ts';
import { defaultMaxTokenLifetimeSeconds } from '../rules/rule.ts';
import type { RedisSource } from '../sources/source.ts';
import { logRetentionMs } from './append.ts';
import { readArray, readNumber, readText } from './connection/replies.ts';
import { RoundTrips } from './connection/round-trips.ts';
import { RedisSession } from './connection/session.ts';
import { isPlainName } from './connection/watch-name.ts';
import { createRedisFeed } from './feed.ts';
import { createRedisHealth } from './health/health.ts';
import { Heartbeat } from './heartbeat.ts';
import { keys } from './keys.ts';
import { createRedisLog } from './log.ts';
import { readHistory } from './past-events.ts';
import { deleteImpossibleRules } from './repair.ts';
import { createRedisReseed } from './reseed.ts';
import { declareScript, raiseSkewScript } from './scripts/log.ts';
import { createRedisUsage } from './usage.ts';

/** When a reply takes longer, the command fails and the connection is closed; longer while Redis answers late. */
const commandMs = 2000;

/**
 * Redis as a source: publishing, maintenance and usage have one connection each, so that none waits for another. A
 * connection is opened when it is first needed.
 */
export function openRedisSource(source: RedisSource, { clock, random, newEpoch }: OpenSourceOptions): OpenedSource {
  const roundTrips = new RoundTrips();
  const timeouts = { commandMs, roundTrips };
  const publishing = new RedisSession(source, { clock, random, timeouts, redials: isPlainName(source) });
  const maintenance = new RedisSession(source, { clock, random, timeouts });
  const usage = createRedisUsage(new RedisSession(source, { clock, random, timeouts: { commandMs } }));
  const moved = () => {
    publishing.current?.close();
    maintenance.current?.close();
  };
  const loss = { pending: false };
  return {
    kind: 'redis',
    name: source.name,
    feed: createRedisFeed(source, { clock, random, loss, roundTrips, onMoved: () => moved() }),
    log: createRedisLog(publishing, clock),
    reseed: createRedisReseed(maintenance, clock),
    usage,
    health: createRedisHealth(maintenance, {
      clock,
      // The log has no entry for an evicted rule. Only a new snapshot shows which rules must be written back.
      onEviction: () => {
        loss.pending = true;
      },
    }),
    startHeartbeat: (options) => new Heartbeat({ ...options, session: maintenance, clock }),
    async declareWhole() {
      const redis = await maintenance.get();
      const args = [newEpoch(), defaultMaxTokenLifetimeSeconds, logRetentionMs];
      const reply = await redis.run(declareScript, [keys.rules, keys.log, keys.meta], args);
      const outcome = readText(readArray(reply, 'declare')[0], 'declare');
      return outcome === 'created' || outcome === 'healed' ? outcome : 'whole';
    },
    async *history(sinceMs) {
      yield* readHistory(await maintenance.get(), sinceMs);
    },
    async raiseSkew() {
      const redis = await maintenance.get();
      return readNumber(await redis.run(raiseSkewScript, [keys.meta], []), 'raise-skew') === 1;
    },
    async repair() {
      return await deleteImpossibleRules(await maintenance.get());
    },
    async close() {
      publishing.close();
      maintenance.close();
      usage.close();
    },
  };
}
