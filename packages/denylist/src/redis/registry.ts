import type { Clock } from '../clock.ts';
import { decodeReplicas, encodeReplicas } from '../codec/replica-progress.ts';
import { countEnforcement, type Enforcement, nothingKnown, type ReplicaStanding } from '../log/enforcement.ts';
import { linkHead } from '../log/link-head.ts';
import type { ReplicaProgress } from '../log/reader.ts';
import type { AppendedAt } from '../log/revocation-log.ts';
import type { SendReport } from '../replication/reporter.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readArray, readNumber, readOptionalText, readText, readTime } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { keys } from './keys.ts';
import { reportScript } from './scripts.ts';

// One field a reader: `1|written at (ms)|epoch|head|cursor|replicas`, where `replicas` is JSON.
// The script stamps the time, so that every line is dated by one clock.

const lineVersion = '1';

interface Line {
  readonly writtenAtMs: number;
  readonly epoch: string;
  readonly head: string;
  readonly cursor: string;
  readonly replicas: readonly ReplicaProgress[];
}

/** Writes a reader's line. */
export function reportTo(session: RedisSession, clock: Clock): SendReport {
  return async (reader, position) => {
    const redis = await session.get();
    const replicas = JSON.stringify(encodeReplicas(reader.progress(position)));
    const { epoch = '', head = '', cursor = '' } = position ?? {};
    const sentAtMs = clock.monotonicMs();
    const line = [epoch, head, cursor, replicas].join('|');
    const now = await redis.run(reportScript, [keys.replicas], [reader.id, line]);
    session.succeeded();
    const roundTripMs = clock.monotonicMs() - sentAtMs;
    return { logMs: readNumber(now, 'report time'), monotonicMs: sentAtMs + roundTripMs / 2, roundTripMs };
  };
}

/** Takes a reader's line away: it stopped in order, and so did those behind it. */
export async function leaveRegistry(session: RedisSession, readerId: string): Promise<void> {
  await session.current?.call('HDEL', [keys.replicas, readerId]);
}

/**
 * Which replicas have an entry. Positions are compared within one history only: the entry must still stand in the
 * stream where it was written, and so must the one that a reader says it has reached.
 */
export async function readEnforcement(redis: RedisConnection, appended: AppendedAt): Promise<Enforcement> {
  const [time, epoch, fields] = await Promise.all([
    redis.call('TIME', []),
    redis.call('HGET', [keys.meta, 'epoch']),
    redis.call('HGETALL', [keys.replicas]),
  ]);
  const nowMs = readTime(time);
  const sameEpoch = readOptionalText(epoch, 'epoch') === appended.epoch;
  if (!sameEpoch || !(await stands(redis, appended))) return nothingKnown;
  const standings: ReplicaStanding[] = [];
  const checked = new Map<string, boolean>();
  const lines = readLines(fields);
  // Somebody unreadable is reading too: whatever the others say, "everywhere" cannot be told.
  if (lines === undefined) return nothingKnown;
  for (const line of lines) {
    const mark = `${line.head} ${line.cursor}`;
    const comparable = checked.get(mark) ?? (line.epoch === appended.epoch && (await stands(redis, line)));
    checked.set(mark, comparable);
    for (const replica of line.replicas) {
      const reached = replica.cursor !== undefined && compareIds(replica.cursor, appended.cursor) >= 0;
      const applied = !comparable ? 'unknown' : reached ? 'yes' : 'no';
      standings.push({ replica, applied, silentMs: nowMs - line.writtenAtMs });
    }
  }
  return countEnforcement(standings);
}

/** Whether the entry at `cursor` is the one after which the head was `head`. */
async function stands(
  redis: RedisConnection,
  at: { readonly cursor: string; readonly head: string },
): Promise<boolean> {
  if (at.cursor === '') return false;
  const rows = readArray(await redis.call('XRANGE', [keys.log, at.cursor, at.cursor]), 'XRANGE');
  if (rows[0] === undefined) return false;
  const fields = readArray(readArray(rows[0], 'entry')[1], 'fields').map((field) => readText(field, 'field'));
  const [, prev = '', , event = ''] = fields;
  return linkHead(prev, event) === at.head;
}

function readLines(fields: unknown): Line[] | undefined {
  const texts = readArray(fields, 'HGETALL')
    .filter((_, index) => index % 2 === 1)
    .map((field) => readText(field, 'line'));
  const lines = texts.flatMap((text) => readLine(text) ?? []);
  return lines.length === texts.length ? lines : undefined;
}

function readLine(text: string): Line | undefined {
  const [version, writtenAt, epoch = '', head = '', cursor = '', ...rest] = text.split('|');
  if (version !== lineVersion) return undefined;
  const replicas = decodeReplicas(parseJson(rest.join('|')));
  return replicas === undefined
    ? undefined
    : { writtenAtMs: readNumber(writtenAt, 'line time'), epoch, head, cursor, replicas };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut short
  }
}

/** Stream ids are two numbers. */
function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs - bMs || aSeq - bSeq;
}
