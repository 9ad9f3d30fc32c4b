import type { Reseed } from '../replication/reseed.ts';
import { readText } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { runAppend } from './log.ts';

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
  };
}
