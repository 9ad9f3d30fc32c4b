import type { Clock, Random } from '../clock.ts';
import { readRule, ruleBytes, viewOf } from '../codec/rows.ts';
import { FeedError } from '../log/feed.ts';
import { activeSince, type LookUp, type UnknownCause, type Verdict } from '../log/look-up.ts';
import type { DigestSet } from '../rules/digest.ts';
import { digestToBytes } from '../rules/digest.ts';
import { restartDigest, restartInForce } from '../rules/log-restart.ts';
import { denies, type Rule } from '../rules/rule.ts';
import type { RedisSource } from '../sources/source.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readArray, readBytes, readNumber, readOptionalText, readTime } from './connection/replies.ts';
import { RedisSession } from './connection/session.ts';
import { keys } from './keys.ts';

export interface RedisLookUpOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly maxStalenessMs: number;
}

/**
 * One bounded pipeline: `TIME`, the log's state, the rules. Found is final. Not found counts only when the log is
 * whole and its last heartbeat young by Redis' own clock: a cut-off primary answers reads for ever.
 */
export function createRedisLookUp(source: RedisSource, options: RedisLookUpOptions): LookUp {
  const { clock, random, timeoutMs, maxConcurrent, maxStalenessMs } = options;
  const session = new RedisSession(source, { clock, random, timeouts: { commandMs: timeoutMs, silenceMs: 2000 } });
  let underWay = 0;

  const ask = async (digests: DigestSet, issuedAt: number): Promise<Verdict> => {
    const redis = await session.get();
    const { dimensions, words } = digests;
    const fields = dimensions.map((_, index) => digestToBytes(words.subarray(index * 4, index * 4 + 4)));
    // Sent back to back on one connection, so answered by one server in this order.
    const [time, meta, rules] = await Promise.all(pipeline(redis, [...fields, digestToBytes(restartDigest)]));
    const nowMs = readTime(time);
    const nowSeconds = Math.floor(nowMs / 1000);
    const found = readArray(rules, 'HMGET rules').map(ruleIn);
    for (const [index, dimension] of dimensions.entries()) {
      const rule = found[index];
      if (rule !== undefined && denies(rule, issuedAt, nowSeconds)) return { verdict: 'revoked', dimension };
    }
    session.succeeded();
    const restartedAt = restartInForce(found[dimensions.length], nowSeconds);
    return judgeAbsence(meta, nowMs, maxStalenessMs) ?? activeSince(restartedAt);
  };

  return {
    async find(digests, issuedAt) {
      if (underWay >= maxConcurrent) return unknown('lookup_busy');
      underWay += 1;
      try {
        return await withDeadline(ask(digests, issuedAt), clock, timeoutMs);
      } catch (error) {
        // The breaker: a Redis that hangs costs a few requests the full time, then everybody fails at once for a while.
        session.failed(error);
        return unknown(error instanceof FeedError && error.code === 'timeout' ? 'lookup_timeout' : 'lookup_failed');
      } finally {
        underWay -= 1;
      }
    },
    async close() {
      session.close();
    },
  };
}

function pipeline(redis: RedisConnection, fields: readonly Uint8Array[]): Promise<unknown>[] {
  return [
    redis.call('TIME', []),
    redis.call('HMGET', [keys.meta, 'epoch', 'healUntil', 'hbAt']),
    redis.call('HMGET', [keys.rules, ...fields]),
  ];
}

/** A foreign field denies nothing. */
function ruleIn(value: unknown): Rule | undefined {
  if (value === null || value === undefined) return undefined;
  const bytes = readBytes(value, 'rule');
  return bytes.byteLength === ruleBytes ? readRule(viewOf(bytes), 0) : undefined;
}

/** Why "not found" means nothing; undefined when it counts. */
function judgeAbsence(meta: unknown, nowMs: number, maxStalenessMs: number): Verdict | undefined {
  const [epoch, healUntil, heartbeatAt] = readArray(meta, 'HMGET meta');
  if (readOptionalText(epoch, 'epoch') === undefined) return unknown('healing');
  if (nowMs < readNumber(healUntil, 'healUntil')) return unknown('healing');
  const beat = readOptionalText(heartbeatAt, 'hbAt');
  // A heartbeat of the future (the clock was set back, or a failover to a slower one) proves as little as an old one.
  if (beat === undefined || Math.abs(nowMs - Number(beat)) > maxStalenessMs) return unknown('log_stale');
  return undefined;
}

function unknown(cause: UnknownCause): Verdict {
  return { verdict: 'unknown', cause };
}

/** Covers dialling too, which has a longer limit of its own. */
async function withDeadline(asked: Promise<Verdict>, clock: Clock, timeoutMs: number): Promise<Verdict> {
  const answered = new AbortController();
  try {
    return await Promise.race([asked, clock.sleep(timeoutMs, answered.signal).then(() => unknown('lookup_timeout'))]);
  } finally {
    answered.abort();
    asked.catch(() => {}); // its outcome was given above, or came too late to matter
  }
}
