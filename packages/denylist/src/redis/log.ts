import { type Clock, readClock } from '../clock.ts';
import { broadLimitOf, tooManyBroadRules } from '../log/broad-rules.ts';
import { FeedError, logTimeSample } from '../log/feed.ts';
import {
  type Appended,
  type AppendRequest,
  idConflict,
  LogError,
  type RevocationLog,
  refusedStatement,
  wrongLog,
} from '../log/revocation-log.ts';
import type { ClockReadings } from '../rules/agreed-now.ts';
import { statementRefusals } from '../rules/statement.ts';
import { appendLost, runAppend } from './append.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readNumber, readOptionalText, readText, readTime } from './connection/replies.ts';
import { isCommandRefused } from './connection/reply-errors.ts';
import type { RedisSession } from './connection/session.ts';
import { EvictionPolicyReader } from './health/eviction-policy.ts';
import { findDenial } from './past-events.ts';
import { readEnforcement } from './registry.ts';
import { parseStoredClock } from './scripts/clocks.ts';

/** Milliseconds to wait for redis replicas. */
const waitMs = 1000;

/** The revocation log in Redis. No command that blocks may use the same session. */
export function createRedisLog(session: RedisSession, clock: Clock): RevocationLog {
  const eviction = new EvictionPolicyReader(clock);
  return {
    append: (request) => append(session, request, { clock, eviction }),
    restore: (rules) =>
      orUnavailable('no rule was restored', async () => ({
        restored: await appendLost(await session.get(), { rules }, clock),
        refused: 0,
      })),
    denial: (id, liftId) =>
      orUnavailable('nothing was lifted', async () => findDenial(await session.get(), id, liftId)),
    enforcement: (appended) =>
      orUnavailable('it is unknown which replicas have applied it', async () =>
        readEnforcement(await session.get(), appended),
      ),
    async time() {
      const redis = await session.get();
      const askedAtMs = clock.monotonicMs();
      const logMs = readTime(await redis.call('TIME', []));
      return logTimeSample(logMs, askedAtMs, clock.monotonicMs());
    },
    async close() {
      session.close();
    },
  };
}

async function append(
  session: RedisSession,
  request: AppendRequest,
  { clock, eviction }: { readonly clock: Clock; readonly eviction: EvictionPolicyReader },
): Promise<Appended> {
  const { redisReplicas: requested = 'all' } = request;
  const { redis, wanted } = await orUnavailable('nothing was revoked', async () => {
    const redis = await session.get();
    return { redis, wanted: requested === 'all' ? await countReplicas(redis) : requested };
  });
  const writer = readClock(clock);
  const evictionPolicy = eviction.read(redis);
  const reply = await runAppend(redis, request, writer).catch((error) => {
    throw afterSending(error);
  });
  session.succeeded();
  const [result, epoch, head, nowMs, entry, identity] = reply;
  const outcome = readText(result, 'append');
  if (outcome === 'too_many_broad_rules') {
    throw tooManyBroadRules(broadLimitOf(request) ?? 0, readNumber(epoch, 'wait'));
  }
  if (outcome === 'id_conflict') throw idConflict();
  if (outcome === 'wrong_log') throw wrongLog(request.expectLog, readText(epoch, 'identity'));
  const refusal = statementRefusals.find((known) => known === outcome);
  if (refusal !== undefined) throw refusedStatement(refusal, request.statement, { ...readClocks(epoch, head), writer });
  const appended = {
    epoch: readText(epoch, 'epoch'),
    head: readText(head, 'head'),
    cursor: readOptionalText(entry, 'entry id') ?? '',
    loggedAtMs: readNumber(nowMs, 'time'),
    repeated: outcome === 'repeated',
    identity: readOptionalText(identity, 'identity') || undefined,
  };
  // Unknown is no reason to refuse what is in force, unless the caller has asked for a number.
  const redisReplicas = wanted === 0 ? 0 : wanted === null ? null : await waitForReplicas(redis, wanted);
  if (redisReplicas === null && requested !== 'all') {
    throw new LogError(
      'not_durable',
      `the revocation is in force, but this Redis refuses WAIT, so nothing can confirm ${requested} redis replicas; set redisReplicas to 0, or leave it out`,
    );
  }
  if (redisReplicas !== null && wanted !== null && redisReplicas < wanted) {
    throw new LogError(
      'not_durable',
      `the revocation is in force, but only ${redisReplicas} of ${wanted} redis replicas confirmed it within ${waitMs} ms; retry with the same id is safe`,
    );
  }
  return { ...appended, redisReplicas, evictionPolicy: await evictionPolicy };
}

/** The time of the log, and what the lease holder stored. */
function readClocks(time: unknown, stored: unknown): ClockReadings {
  return { logMs: readNumber(time, 'time'), leaseHolder: parseStoredClock(readText(stored, 'clock')) };
}

/**
 * All redis replicas: after `WAIT 1` of two, the other one may be promoted, and the revocation is lost. Null where a
 * managed service hides their number.
 */
async function countReplicas(redis: RedisConnection): Promise<number | null> {
  try {
    const info = readText(await redis.call('INFO', ['replication']), 'INFO');
    const [, count] = /^connected_slaves:(\d+)/m.exec(info) ?? [];
    return count === undefined ? null : Number(count);
  } catch (error) {
    if (isCommandRefused(error)) return null;
    throw error;
  }
}

/**
 * Uses the connection that wrote: on another one WAIT waits for the writes of that one, and there are none. Null where
 * Redis refuses the command.
 */
async function waitForReplicas(redis: RedisConnection, wanted: number): Promise<number | null> {
  try {
    return readNumber(await redis.call('WAIT', [wanted, waitMs]), 'WAIT');
  } catch (error) {
    if (isWaitRefused(error)) return null;
    const message = `the revocation is in force, but the number of its copies is unknown: ${messageOf(error)}`;
    throw new LogError('not_durable', message, { cause: error });
  }
}

/** A server that was demoted after the write refuses WAIT too, but then the write may be lost. */
function isWaitRefused(error: unknown): boolean {
  const isDemoted = error instanceof FeedError && error.cause instanceof Error && /replica/i.test(error.cause.message);
  return isCommandRefused(error) && !isDemoted;
}

/** After an error reply nothing was written. Without a reply the outcome is unknown. */
function afterSending(error: unknown): LogError {
  const answered = error instanceof FeedError && !['timeout', 'closed', 'unreachable'].includes(error.code);
  if (answered) return unavailable('nothing was revoked', error);
  const message = `no answer: the revocation may or may not be in force; retry with the same id (${messageOf(error)})`;
  return new LogError('outcome_unknown', message, { cause: error });
}

async function orUnavailable<Result>(consequence: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof LogError ? error : unavailable(consequence, error);
  }
}

function unavailable(consequence: string, cause: unknown): LogError {
  return new LogError('unavailable', `${consequence}: ${messageOf(cause)}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unexpected failure';
}
