import type { Clock } from '../../clock.ts';
import type { SourceHealth } from '../../log/source-health.ts';
import { holderReadingLifetimeMs } from '../../rules/agreed-now.ts';
import type { RedisConnection } from '../connection/connect.ts';
import { readArray, readNumber, readOptionalText, readText, readTime } from '../connection/replies.ts';
import { isCommandHidden, isCommandRefused, isScriptRefused } from '../connection/reply-errors.ts';
import type { RedisSession } from '../connection/session.ts';
import { readEntries } from '../entries.ts';
import { keys } from '../keys.ts';
import { ImpossibleRules } from '../repair.ts';
import { parseStoredClock, type StoredClock } from '../scripts/clocks.ts';
import { rightsScript } from '../scripts/rights.ts';
import { judgeRedis, type RedisFacts } from './misconfiguration.ts';
import { RuleEvictions } from './rule-evictions.ts';

/**
 * A function that examines a Redis once: its settings, memory, clock, our rights and the log. What the user may not read
 * (managed services hide INFO and CONFIG) is reported as unknown.
 *
 * @throws FeedError when Redis is unreachable.
 */
export function createRedisHealth(
  session: RedisSession,
  { clock, onEviction }: { readonly clock: Clock; readonly onEviction: () => void },
): () => Promise<SourceHealth> {
  const evictions = new RuleEvictions();
  const impossible = new ImpossibleRules();
  return async () => {
    const redis = await session.get();
    const sentAtMs = clock.monotonicMs();
    const nowMs = readTime(await redis.call('TIME', []));
    const halfTripMs = (clock.monotonicMs() - sentAtMs) / 2;
    const info = await readInfo(redis);
    const evictedSince = evictions.since(info);
    if (evictions.grew) onEviction();
    const facts: RedisFacts = {
      nowMs,
      clockOffsetMs: nowMs + halfTripMs - clock.wallMs(),
      ...info,
      evictionPolicy: info.evictionPolicy ?? (await policyFromConfig(redis)),
      evictedSince,
      ...(await readMaxLag(redis)),
      ...(await readRefused(redis)),
      ...(await readCopies(redis, info)),
      ...(await readBlocking(redis)),
      ...(await readLog(redis, nowMs, clock)),
      ...(await unlessRefused(impossible.look(redis).then((impossibleRules) => ({ impossibleRules })))),
    };
    session.succeeded();
    return { ...judgeRedis(facts), figures: facts };
  };
}

/** No facts where Redis refuses the command; every other failure is thrown. */
async function unlessRefused(facts: Promise<RedisFacts>): Promise<RedisFacts> {
  try {
    return await facts;
  } catch (error) {
    if (isCommandRefused(error)) return {};
    throw error;
  }
}

function readInfo(redis: RedisConnection): Promise<RedisFacts> {
  return unlessRefused(redis.call('INFO', []).then((reply) => decodeInfo(readText(reply, 'INFO'))));
}

/** The facts in a reply to `INFO`. Managed services leave out whole sections. */
export function decodeInfo(text: string): RedisFacts {
  const fields = new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]));
  const numberOf = (name: string) => {
    const value = fields.get(name);
    return value === undefined || !/^\d+$/.test(value) ? undefined : Number(value);
  };
  return {
    version: fields.get('redis_version'),
    role: fields.get('role'),
    replicas: numberOf('connected_slaves'),
    // Redis writes this field only when min-replicas-to-write is set.
    minReplicasSet: fields.has('role') ? fields.has('min_slaves_good_slaves') : undefined,
    appendOnly: fields.has('aof_enabled') ? fields.get('aof_enabled') === '1' : undefined,
    memoryUsedBytes: numberOf('used_memory'),
    memoryLimitBytes: numberOf('maxmemory'),
    evictionPolicy: fields.get('maxmemory_policy'),
    evictedKeys: numberOf('evicted_keys'),
  };
}

/** The one setting that INFO does not have. CONFIG shows passwords too, so many operators forbid it. */
function readMaxLag(redis: RedisConnection): Promise<RedisFacts> {
  return unlessRefused(
    redis.call('CONFIG', ['GET', 'min-replicas-max-lag']).then((reply) => {
      const [, value] = readArray(reply, 'CONFIG GET');
      return { minReplicasMaxLagSeconds: value === undefined ? undefined : readNumber(value, 'min-replicas-max-lag') };
    }),
  );
}

/** The policy where INFO is hidden, or lacks it. @returns undefined where CONFIG is refused too. */
async function policyFromConfig(redis: RedisConnection): Promise<string | undefined> {
  const facts = readPolicyFromConfig(redis).then((evictionPolicy) => ({ evictionPolicy }));
  return (await unlessRefused(facts)).evictionPolicy;
}

/** @throws when CONFIG is refused. */
export async function readPolicyFromConfig(redis: RedisConnection): Promise<string | undefined> {
  const [, policy] = readArray(await redis.call('CONFIG', ['GET', 'maxmemory-policy']), 'CONFIG GET');
  return readOptionalText(policy, 'maxmemory-policy');
}

async function readRefused(redis: RedisConnection): Promise<RedisFacts> {
  try {
    const reply = await redis.run(rightsScript, [keys.rules, keys.log, keys.ids, keys.lease], []);
    const answers = readArray(reply, 'rights').map((text) => readText(text, 'right'));
    return {
      refusedCommands: answers.filter((_, index) => index % 2 === 0 && isScriptRefused(answers[index + 1] ?? '')),
    };
  } catch (error) {
    if (isCommandHidden(error)) return { refusedCommands: ['EVAL'] };
    // A redis replica runs no script that writes. `not_primary` reports that already.
    if (isCommandRefused(error)) return {};
    throw error;
  }
}

/** Whether a publisher can count the copies of what it wrote. `WAIT 0` waits for none. */
async function readCopies(redis: RedisConnection, { role, replicas }: RedisFacts): Promise<RedisFacts> {
  // A redis replica refuses WAIT to everyone, and `not_primary` reports that already.
  if (role !== undefined && role !== 'master') return {};
  if (replicas === undefined) return { copiesHiddenBy: 'INFO' };
  return { copiesHiddenBy: (await isAllowed(redis.call('WAIT', [0, 1]))) ? 'none' : 'WAIT' };
}

/** Whether the log can be followed by the command that a feed uses. */
async function readBlocking(redis: RedisConnection): Promise<RedisFacts> {
  const call = redis.call('XREAD', ['COUNT', 1, 'BLOCK', 1, 'STREAMS', keys.log, '$']);
  return { canBlock: await isAllowed(call) };
}

async function isAllowed(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (isCommandRefused(error)) return false;
    throw error;
  }
}

/** The clock of the lease holder minus ours; undefined when its reading is old. `nowMs`: of Redis, read a moment ago. */
function offsetOf({ logMs, wallMs }: StoredClock, nowMs: number, clock: Clock): number | undefined {
  const ageMs = nowMs - logMs;
  return Math.abs(ageMs) > holderReadingLifetimeMs ? undefined : wallMs + ageMs - clock.wallMs();
}

function readLog(redis: RedisConnection, nowMs: number, clock: Clock): Promise<RedisFacts> {
  const question = async (): Promise<RedisFacts> => {
    const [entries, oldest, meta] = await Promise.all([
      redis.call('XLEN', [keys.log]),
      redis.call('XRANGE', [keys.log, '-', '+', 'COUNT', 1]),
      // HMGET, because the users of docs/redis.md have this right.
      redis.call('HMGET', [keys.meta, 'seq', 'clock']),
    ]);
    const [first] = readEntries(oldest);
    const [seq, stored] = readArray(meta, 'HMGET');
    const leaseHolder = parseStoredClock(readOptionalText(stored, 'clock') ?? '');
    return {
      logEntries: readNumber(entries, 'XLEN'),
      logSeq: readNumber(seq ?? 0, 'seq'),
      leaseHolderOffsetMs: leaseHolder && offsetOf(leaseHolder, nowMs, clock),
      logOldestMs: first === undefined ? undefined : Number.parseInt(first.id, 10),
    };
  };
  return unlessRefused(question());
}
