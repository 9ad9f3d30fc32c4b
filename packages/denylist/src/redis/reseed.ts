import { type Clock, readClock } from '../clock.ts';
import type { Reseed } from '../replication/reseed.ts';
import { defaultMaxTokenLifetimeSeconds } from '../rules/rule.ts';
import { randomHex } from '../system-clock.ts';
import { appendLost, clockArguments, logRetentionMs } from './append.ts';
import type { RedisSession } from './connection/session.ts';
import { keys } from './keys.ts';
import { endRestartScript } from './scripts/log.ts';

/** After so many rules it is checked whether to go on, and Redis may be another one. */
const batchRules = 1000;

/** Appends the rules that the log lost, and ends its restart. */
export function createRedisReseed(session: RedisSession, clock: Clock): Reseed {
  return {
    async append(rules, signal) {
      let restored = 0;
      for (let from = 0; from < rules.length && !signal.aborted; from += batchRules) {
        restored += await appendLost(await session.get(), rules.slice(from, from + batchRules), clock);
      }
      return restored;
    },
    async endRestart(stamp) {
      const redis = await session.get();
      const opening = [randomHex(8), defaultMaxTokenLifetimeSeconds, logRetentionMs];
      const args = [...opening, stamp, ...clockArguments(readClock(clock))];
      await redis.run(endRestartScript, [keys.rules, keys.log, keys.meta], args);
    },
  };
}
