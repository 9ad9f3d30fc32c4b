import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { broadLimitOf, tooManyBroadRules } from '../log/broad-rules.ts';
import { FeedError } from '../log/feed.ts';
import { loggedDetails } from '../log/logged-denial.ts';
import { type Appended, type AppendRequest, LogError, type RevocationLog } from '../log/revocation-log.ts';
import { digestToBytes } from '../rules/digest.ts';
import { defaultMaxTokenLifetimeSeconds } from '../rules/rule.ts';
import type { Statement } from '../rules/statement.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readArray, readNumber, readOptionalText, readText } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { findDenial } from './denial.ts';
import { keys } from './keys.ts';
import { readEnforcement } from './registry.ts';
import { appendScript } from './scripts.ts';

/** How long the stream keeps entries; a reader that was away longer takes a snapshot. */
export const logRetentionMs = 3_600_000;
/** Milliseconds that redis replicas are waited for. */
const waitMs = 1000;

/** The revocation log in Redis. The session is shared with nothing that blocks. */
export function createRedisLog(session: RedisSession, clock: Clock): RevocationLog {
  return {
    append: (request) => append(session, request),
    async denial(id) {
      try {
        return await findDenial(await session.get(), id);
      } catch (error) {
        if (error instanceof LogError) throw error;
        throw new LogError('unavailable', `nothing was lifted: ${messageOf(error)}`, { cause: error });
      }
    },
    async enforcement(appended) {
      try {
        return await readEnforcement(await session.get(), appended);
      } catch (error) {
        throw new LogError('unavailable', `nobody can tell who has it: ${messageOf(error)}`, { cause: error });
      }
    },
    async time() {
      const redis = await session.get();
      const askedAtMs = clock.monotonicMs();
      const [seconds, micros] = readArray(await redis.call('TIME', []), 'TIME').map((part) => readNumber(part, 'TIME'));
      const roundTripMs = clock.monotonicMs() - askedAtMs;
      const logMs = (seconds ?? 0) * 1000 + (micros ?? 0) / 1000;
      return { logMs, monotonicMs: askedAtMs + roundTripMs / 2, roundTripMs };
    },
    async close() {
      session.close();
    },
  };
}

async function append(session: RedisSession, request: AppendRequest): Promise<Appended> {
  let redis: RedisConnection;
  let wanted: number;
  try {
    redis = await session.get();
    wanted =
      request.redisReplicas === 'all' || request.redisReplicas === undefined
        ? await countReplicas(redis)
        : request.redisReplicas;
  } catch (error) {
    throw new LogError('unavailable', `nothing was revoked: ${messageOf(error)}`, { cause: error });
  }
  let reply: readonly unknown[];
  try {
    reply = await runAppend(redis, request);
  } catch (error) {
    throw afterSending(error);
  }
  session.succeeded();
  const [outcome, epoch, head, nowMs, entry] = reply;
  if (readText(outcome, 'append') === 'too_many_broad_rules') {
    throw tooManyBroadRules(broadLimitOf(request) ?? 0, readNumber(epoch, 'wait'));
  }
  if (readText(outcome, 'append') === 'cutoff_in_future') {
    throw new LogError(
      'refused',
      'issuedUpTo is more than 60 s ahead of the log: expected claim seconds of the issuer, found a later time (milliseconds?)',
    );
  }
  const appended = {
    epoch: readText(epoch, 'epoch'),
    head: readText(head, 'head'),
    cursor: readOptionalText(entry, 'entry id') ?? '',
    loggedAtMs: readNumber(nowMs, 'time'),
    repeated: readText(outcome, 'append') === 'repeated',
  };
  const redisReplicas = wanted === 0 ? 0 : await waitForReplicas(redis, wanted);
  if (redisReplicas < wanted) {
    throw new LogError(
      'not_durable',
      `the revocation is in force, but only ${redisReplicas} of ${wanted} redis replicas confirmed it within ${waitMs} ms; retry with the same id is safe`,
    );
  }
  return { ...appended, redisReplicas };
}

/** Merges one statement; also what a re-seed runs. */
export async function runAppend(redis: RedisConnection, request: AppendRequest): Promise<readonly unknown[]> {
  const { digest, statement, details } = request;
  const id = statement.kind === 'seed' ? '' : details.id;
  const args = [
    newEpoch(),
    defaultMaxTokenLifetimeSeconds,
    logRetentionMs,
    id,
    digestToBytes(digest),
    statement.kind,
    ...numbersOf(statement),
    JSON.stringify(loggedDetails(request)),
    broadLimitOf(request) ?? '',
  ];
  return readArray(await redis.run(appendScript, [keys.rules, keys.log, keys.meta, keys.ids], args), 'append');
}

/** A candidate: the script takes it only when there is no log. */
export function newEpoch(): string {
  return randomBytes(8).toString('hex');
}

function numbersOf(statement: Statement): [number, number, number, number] {
  switch (statement.kind) {
    case 'deny':
      return [statement.until === 'longest-token' ? -1 : statement.until, 0, 0, 0];
    case 'cutoff':
      return [statement.issuedUpTo === 'now' ? -1 : statement.issuedUpTo, 0, 0, 0];
    case 'lift':
      return [0, 0, 0, 0];
    case 'seed': {
      const { deniedUntil, issuedUpTo, denialStamp, liftedUpTo } = statement.rule;
      return [deniedUntil, issuedUpTo, denialStamp, liftedUpTo];
    }
  }
}

/** Every redis replica that Redis knows of: `WAIT 1` of two does not survive the promotion of the other. */
async function countReplicas(redis: RedisConnection): Promise<number> {
  try {
    const info = readText(await redis.call('INFO', ['replication']), 'INFO');
    return Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0);
  } catch (error) {
    // Managed services hide INFO; then one copy is asked for.
    if (error instanceof FeedError && (error.code === 'no_permission' || error.code === 'refused')) return 1;
    throw error;
  }
}

/** On the connection that wrote: on another one WAIT answers for that one's writes, of which there are none. */
async function waitForReplicas(redis: RedisConnection, wanted: number): Promise<number> {
  try {
    return readNumber(await redis.call('WAIT', [wanted, waitMs]), 'WAIT');
  } catch (error) {
    throw new LogError('not_durable', `the revocation is in force, but its copies are unknown: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** An error reply means that nothing was written; silence means that nobody knows. */
function afterSending(error: unknown): LogError {
  const unanswered =
    !(error instanceof FeedError) ||
    error.code === 'timeout' ||
    error.code === 'closed' ||
    error.code === 'unreachable';
  return unanswered
    ? new LogError(
        'outcome_unknown',
        `no answer: the revocation may or may not be in force; retry with the same id (${messageOf(error)})`,
        { cause: error },
      )
    : new LogError('unavailable', `nothing was revoked: ${messageOf(error)}`, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unexpected failure';
}
