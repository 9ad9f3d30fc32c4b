import type { Clock, Random } from '../clock.ts';
import { readRule, ruleBytes, viewOf } from '../codec/rows.ts';
import { activeSince, type LookUp, type UnknownCause, type Verdict } from '../log/look-up.ts';
import { checkWholeNumber } from '../option-bounds.ts';
import { checkMaxStaleness, defaultMaxStalenessMs } from '../replication/max-staleness.ts';
import { type DigestSet, digestToBytes } from '../rules/digest.ts';
import { restartDigest, restartInForce } from '../rules/log-restart.ts';
import { denies, type Rule } from '../rules/rule.ts';
import type { RedisSource } from '../sources/source.ts';
import { BriefSession } from './connection/brief-session.ts';
import { readArray, readBytes, readNumber, readOptionalText, readTime } from './connection/replies.ts';
import { keys } from './keys.ts';

export interface LookUpOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds for one look-up, connecting included: 1–1000, default 50. */
  readonly timeoutMs?: number;
  /** Look-ups in progress at the same time: 1–10000, default 64. One more answers `unknown` at once. */
  readonly maxConcurrent?: number;
  /** How old the log's last heartbeat may be for a "not found" to count, in milliseconds: 2000–60000, default 5000. */
  readonly maxStalenessMs?: number;
}

/**
 * One bounded pipeline: `TIME`, the log's state, the rules. A rule that is found counts always. "Not found" counts only
 * when the log is not healing and its last heartbeat is recent by the clock of Redis: a primary that was cut off still
 * answers reads.
 *
 * @throws ConfigurationError for a number out of its bounds.
 */
export function createRedisLookUp(source: RedisSource, options: LookUpOptions): LookUp {
  const { timeoutMs = 50, maxConcurrent = 64, maxStalenessMs = defaultMaxStalenessMs, ...ports } = options;
  checkWholeNumber('timeoutMs', timeoutMs, { least: 1, most: 1000, unit: 'ms' });
  checkWholeNumber('maxConcurrent', maxConcurrent, { least: 1, most: 10_000, unit: 'look-ups' });
  checkMaxStaleness(maxStalenessMs);
  const session = new BriefSession<Verdict>(source, {
    ...ports,
    timeoutMs,
    maxConcurrent,
    noAnswer: (cause) => unknown(`lookup_${cause}`),
  });
  return {
    find: ({ dimensions, words }: DigestSet, issuedAt) =>
      session.ask(async (redis) => {
        const fields = dimensions.map((_, index) => digestToBytes(words.subarray(index * 4, index * 4 + 4)));
        // Sent together on one connection, so one server answers them in this order.
        const [time, meta, rules] = await Promise.all([
          redis.call('TIME', []),
          redis.call('HMGET', [keys.meta, 'epoch', 'healUntil', 'hbAt']),
          redis.call('HMGET', [keys.rules, ...fields, digestToBytes(restartDigest)]),
        ]);
        const nowMs = readTime(time);
        const nowSeconds = Math.floor(nowMs / 1000);
        const found = readArray(rules, 'HMGET rules').map(ruleIn);
        const denying = dimensions.find((_, index) => {
          const rule = found[index];
          return rule !== undefined && denies(rule, issuedAt, nowSeconds);
        });
        if (denying !== undefined) return { verdict: 'revoked', dimension: denying };
        const restartedAt = restartInForce(found[dimensions.length], nowSeconds);
        return judgeAbsence(meta, nowMs, maxStalenessMs) ?? activeSince(restartedAt);
      }),
    close: async () => session.close(),
  };
}

/** The value of a field that another program wrote is not a rule, and denies nothing. */
function ruleIn(value: unknown): Rule | undefined {
  if (value === null || value === undefined) return undefined;
  const bytes = readBytes(value, 'rule');
  return bytes.byteLength === ruleBytes ? readRule(viewOf(bytes), 0) : undefined;
}

/** Why "not found" does not count; undefined when it counts. */
function judgeAbsence(meta: unknown, nowMs: number, maxStalenessMs: number): Verdict | undefined {
  const [epoch, healUntil, heartbeatAt] = readArray(meta, 'HMGET meta');
  if (readOptionalText(epoch, 'epoch') === undefined) return unknown('healing');
  if (nowMs < readNumber(healUntil, 'healUntil')) return unknown('healing');
  const beatAtMs = Number(readOptionalText(heartbeatAt, 'hbAt') ?? Number.NaN);
  // A heartbeat in the future (a clock that was set back, or a failover to a slower clock) proves as little as an old one.
  // Neither does one that is absent or no number: a comparison with NaN is false.
  if (!(Math.abs(nowMs - beatAtMs) <= maxStalenessMs)) return unknown('log_stale');
  return undefined;
}

function unknown(cause: UnknownCause): Verdict {
  return { verdict: 'unknown', cause };
}
