import type { Clock } from '../clock.ts';
import { FeedError } from '../log/feed.ts';
import type { SourceHealth } from '../log/source-health.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readArray, readNumber, readOptionalText, readText, readTime } from './connection/replies.ts';
import { isScriptRefused } from './connection/reply-errors.ts';
import type { RedisSession } from './connection/session.ts';
import { keys } from './keys.ts';
import { judgeRedis, type RedisFacts } from './misconfiguration.ts';
import { rightsScript } from './scripts.ts';

/**
 * A function that looks at a Redis once: its settings, memory, clock, our rights and the log. What it hides (managed
 * services hide INFO and CONFIG) comes out as unknown.
 *
 * @throws FeedError when Redis is out of reach.
 */
export function createRedisHealth(
  session: RedisSession,
  { clock, onEviction }: { readonly clock: Clock; readonly onEviction: () => void },
): () => Promise<SourceHealth> {
  let evictedAtFirst: number | undefined;
  let evictedBefore: number | undefined;
  return async () => {
    const redis = await session.get();
    const sentAtMs = clock.monotonicMs();
    const nowMs = readTime(await redis.call('TIME', []));
    const halfTripMs = (clock.monotonicMs() - sentAtMs) / 2;
    const info = await readInfo(redis);
    const { evictedKeys } = info;
    evictedAtFirst ??= evictedKeys;
    if (evictedKeys !== undefined && evictedBefore !== undefined && evictedKeys > evictedBefore) onEviction();
    evictedBefore = evictedKeys ?? evictedBefore;
    const facts: RedisFacts = {
      nowMs,
      clockOffsetMs: nowMs + halfTripMs - clock.wallMs(),
      ...info,
      ...(evictedKeys === undefined || evictedAtFirst === undefined
        ? {}
        : { evictedSince: Math.max(0, evictedKeys - evictedAtFirst) }),
      ...(await readMaxLag(redis)),
      ...(await readRefused(redis)),
      ...(await readLog(redis)),
    };
    session.succeeded();
    return { ...judgeRedis(facts), figures: facts };
  };
}

/** What may not be asked is left out; any other failure is one. */
async function unlessHidden<T extends object>(question: Promise<T>): Promise<T | Record<string, never>> {
  try {
    return await question;
  } catch (error) {
    if (error instanceof FeedError && (error.code === 'no_permission' || error.code === 'refused')) return {};
    throw error;
  }
}

function readInfo(redis: RedisConnection): Promise<RedisFacts> {
  return unlessHidden(redis.call('INFO', []).then((reply) => decodeInfo(readText(reply, 'INFO'))));
}

/** The fields of `INFO` that are there: services leave out whole sections. */
export function decodeInfo(text: string): RedisFacts {
  const fields = new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]));
  const numberOf = (name: string) => {
    const value = fields.get(name);
    return value === undefined || !/^\d+$/.test(value) ? undefined : Number(value);
  };
  return withoutUndefined({
    version: fields.get('redis_version'),
    role: fields.get('role'),
    replicas: numberOf('connected_slaves'),
    // Shown only when min-replicas-to-write is set.
    minReplicasSet: fields.has('role') ? fields.has('min_slaves_good_slaves') : undefined,
    appendOnly: fields.has('aof_enabled') ? fields.get('aof_enabled') === '1' : undefined,
    memoryUsedBytes: numberOf('used_memory'),
    memoryLimitBytes: numberOf('maxmemory'),
    evictionPolicy: fields.get('maxmemory_policy'),
    evictedKeys: numberOf('evicted_keys'),
  });
}

/** The one setting that INFO does not show. CONFIG shows passwords too, so a careful operator denies it. */
function readMaxLag(redis: RedisConnection): Promise<RedisFacts> {
  return unlessHidden(
    redis.call('CONFIG', ['GET', 'min-replicas-max-lag']).then((reply) => {
      const [, value] = readArray(reply, 'CONFIG GET');
      return value === undefined ? {} : { minReplicasMaxLagSeconds: readNumber(value, 'min-replicas-max-lag') };
    }),
  );
}

async function readRefused(redis: RedisConnection): Promise<RedisFacts> {
  try {
    const tried = [keys.rules, keys.log, keys.ids, keys.lease];
    const answers = readArray(await redis.run(rightsScript, tried, []), 'rights').map((text) =>
      readText(text, 'right'),
    );
    return {
      refusedCommands: answers.filter((_, index) => index % 2 === 0 && isScriptRefused(answers[index + 1] ?? '')),
    };
  } catch (error) {
    if (error instanceof FeedError && error.code === 'no_permission') return { refusedCommands: ['EVAL'] };
    // A replica runs no script that writes, which is a complaint of its own.
    if (error instanceof FeedError && error.code === 'refused') return {};
    throw error;
  }
}

function readLog(redis: RedisConnection): Promise<RedisFacts> {
  const question = async () => {
    const [entries, oldest, seq] = await Promise.all([
      redis.call('XLEN', [keys.log]),
      redis.call('XRANGE', [keys.log, '-', '+', 'COUNT', 1]),
      redis.call('HMGET', [keys.meta, 'seq']),
    ]);
    const first = readArray(oldest, 'XRANGE')[0];
    const seqText = readOptionalText(readArray(seq, 'HMGET')[0], 'seq');
    return {
      logEntries: readNumber(entries, 'XLEN'),
      logSeq: Number(seqText ?? 0),
      ...(first === undefined
        ? {}
        : { logOldestMs: Number.parseInt(readText(readArray(first, 'entry')[0], 'id'), 10) }),
    };
  };
  return unlessHidden(question());
}

function withoutUndefined(fields: { [Name in keyof RedisFacts]: RedisFacts[Name] | undefined }): RedisFacts {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
