import { type Clock, readClock } from '../clock.ts';
import { FeedError } from '../log/feed.ts';
import type { LostRule } from '../log/revocation-log.ts';
import { isHeldBy, type Recalled, type Reseed } from '../replication/reseed.ts';
import { digestToBytes } from '../rules/digest.ts';
import { defaultMaxTokenLifetimeSeconds, emptyRule } from '../rules/rule.ts';
import { randomHex } from '../system-clock.ts';
import { appendLost, clockArguments, logRetentionMs } from './append.ts';
import { readArray, readOptionalText, readText } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { slicesOf } from './connection/slices.ts';
import { keys } from './keys.ts';
import { readStoredRule } from './rules-page.ts';
import { endRestartScript } from './scripts/log.ts';
import { recallScript } from './scripts/recall.ts';

const outcomes = ['continues', 'trimmed', 'lost', 'covered', 'other_epoch'] as const satisfies readonly Recalled[];

/** After so many rules it is checked whether to go on, and Redis may be another one. */
const batchRules = 1000;

/** Appends the rules that the log lost, and ends its restart. */
export function createRedisReseed(session: RedisSession, clock: Clock): Reseed {
  return {
    async append(rules, signal, expectLog) {
      let restored = 0;
      for (let from = 0; from < rules.length && !signal.aborted; from += batchRules) {
        const batch = { rules: rules.slice(from, from + batchRules), expectLog };
        restored += await appendLost(await session.get(), batch, clock);
      }
      return restored;
    },
    async lacking(rules, identity) {
      const lacking: LostRule[] = [];
      if (rules.length === 0) return lacking;
      const redis = await session.get();
      // This connection may lead to another log than the feed: a name that moved.
      const [found] = readArray(await redis.call('HMGET', [keys.meta, 'identity']), 'HMGET meta');
      if (identity !== undefined && readOptionalText(found, 'identity') !== identity) return lacking;
      for (const slice of slicesOf(rules)) {
        const digests = slice.map(({ digest }) => digestToBytes(digest));
        const held = readArray(await redis.call('HMGET', [keys.rules, ...digests]), 'HMGET rules').map(readStoredRule);
        lacking.push(...slice.filter(({ rule }, index) => !isHeldBy(held[index] ?? emptyRule, rule)));
      }
      return lacking;
    },
    async endRestart(stamp) {
      const redis = await session.get();
      const opening = [randomHex(8), defaultMaxTokenLifetimeSeconds, logRetentionMs];
      const args = [...opening, stamp, ...clockArguments(readClock(clock))];
      await redis.run(endRestartScript, [keys.rules, keys.log, keys.meta], args);
    },
    async recall({ epoch, rule }, act) {
      if (rule === undefined) return 'trimmed';
      const redis = await session.get();
      const opening = [randomHex(8), defaultMaxTokenLifetimeSeconds, logRetentionMs];
      const remembered = [epoch, rule.seq, rule.cursor, rule.head];
      const args = [...opening, ...remembered, act, ...clockArguments(readClock(clock))];
      const reply = readText(await redis.run(recallScript, [keys.rules, keys.log, keys.meta], args), 'recall');
      const outcome = outcomes.find((known) => known === reply);
      if (outcome === undefined) throw new FeedError('protocol', 'expected an outcome of recall, found another text');
      return outcome;
    },
  };
}
