import type { Reseed } from '../replication/reseed.ts';
import { defaultMaxTokenLifetimeSeconds } from '../rules/rule.ts';
import { randomHex } from '../system-clock.ts';
import { readText } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { keys } from './keys.ts';
import { logRetentionMs, runAppend } from './log.ts';
import { endRestartScript } from './scripts/log.ts';

/** Few at a time, so that a new revocation does not wait behind a million restored ones. */
const inFlight = 100;

/** Appends the rules that the log lost. The script merges, so a rule that was restored meanwhile writes nothing. */
export function createRedisReseed(session: RedisSession): Reseed {
  return {
    async append(rules, signal) {
      let restored = 0;
      for (let from = 0; from < rules.length && !signal.aborted; from += inFlight) {
        const redis = await session.get();
        const replies = await Promise.all(
          rules.slice(from, from + inFlight).map(({ digest, rule }) =>
            runAppend(redis, {
              digest,
              statement: { kind: 'seed', rule },
              details: { id: 'reseed', kind: 'reseed' },
            }),
          ),
        );
        restored += replies.filter(([outcome]) => readText(outcome, 'append') === 'appended').length;
      }
      return restored;
    },
    async endRestart(stamp) {
      const redis = await session.get();
      const args = [randomHex(8), defaultMaxTokenLifetimeSeconds, logRetentionMs, stamp];
      await redis.run(endRestartScript, [keys.rules, keys.log, keys.meta], args);
    },
  };
}
