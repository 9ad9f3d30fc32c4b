import type { Clock } from '../clock.ts';
import { parseJson } from '../codec/json.ts';
import { decodeReplicas, ReplicasWriter } from '../codec/replica-progress.ts';
import {
  countEnforcement,
  type Enforcement,
  judgeIssuerTrust,
  nothingKnown,
  type ReplicaStanding,
  readingMs,
} from '../log/enforcement.ts';
import { logTimeSample } from '../log/feed.ts';
import { linkHead } from '../log/link-head.ts';
import { type ReplicaProgress, silenceLimitMs } from '../log/reader.ts';
import type { AppendedAt } from '../log/revocation-log.ts';
import { defaultMaxStalenessMs } from '../replication/max-staleness.ts';
import type { SendReport } from '../replication/reporter.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readArray, readNumber, readOptionalText, readText, readTime } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { compareIds, readEntries } from './entries.ts';
import { keys } from './keys.ts';
import { lineVersion, reportScript } from './scripts/report.ts';

// One field for each reader: `1|written at (ms)|epoch|head|cursor|replicas`, where `replicas` is JSON.
// The script writes the time, so that all lines are dated by one clock.

/** A log that receives heartbeats has one that is younger. */
const maxHeartbeatAgeMs = 2000;
/** `min-replicas-max-lag 3`, and 2 s because Redis counts whole seconds: for this long a cut-off primary takes writes. */
const cutOffMs = 5000;

interface Line {
  readonly writtenAtMs: number;
  readonly epoch: string;
  readonly head: string;
  readonly cursor: string;
  readonly replicas: readonly ReplicaProgress[];
}

/** Writes a reader's line. */
export function reportTo(session: RedisSession, clock: Clock): SendReport {
  const writer = new ReplicasWriter();
  return async (reader, position) => {
    const redis = await session.get();
    const { revision = 0 } = reader;
    const { epoch = '', head = '', cursor = '' } = position ?? {};
    // The client copies it when it sends it.
    const line = writer.write(`${epoch}|${head}|${cursor}|`, () => reader.progress(position));
    const sentAtMs = clock.monotonicMs();
    const now = await redis.run(reportScript, [keys.replicas], [reader.id, line, Math.round(clock.wallMs())]);
    session.succeeded();
    reader.accepted?.(revision);
    return logTimeSample(readNumber(now, 'report time'), sentAtMs, clock.monotonicMs());
  };
}

/** Deletes the line of a reader that stopped in order, and with it the replicas behind it. */
export async function leaveRegistry(session: RedisSession, readerId: string): Promise<void> {
  await session.current?.call('HDEL', [keys.replicas, readerId]);
}

/**
 * Which replicas have applied an entry. A failover, a restart or a loss of Redis can remove lines, and interrupts the
 * heartbeats. So the answer is known only after heartbeats without interruption for so long that a reader without a line
 * must be stale. Positions are compared within one history only: the entry must still be in the
 * stream where it was written, and so must the entry that a reader has reported as its position.
 */
export async function readEnforcement(
  redis: RedisConnection,
  appended: AppendedAt & { readonly issuer?: string },
): Promise<Enforcement> {
  const [time, meta, fields] = await Promise.all([
    redis.call('TIME', []),
    redis.call('HMGET', [keys.meta, 'epoch', 'hbAt', 'steadySince', 'ownBeatAt']),
    redis.call('HGETALL', [keys.replicas]),
  ]);
  const nowMs = readTime(time);
  const [epoch, heartbeatAt, steadySince, ownBeatAt] = readArray(meta, 'HMGET meta');
  const sameEpoch = readOptionalText(epoch, 'epoch') === appended.epoch;
  if (!sameEpoch || !(await isInStream(redis, appended))) return nothingKnown;
  const readers: (readonly ReplicaStanding[])[] = [];
  const checked = new Map<string, boolean>();
  const lines = readLines(fields);
  // A line that cannot be read belongs to a reader too, so it is unknown whether the entry is enforced everywhere.
  if (lines === undefined) return nothingKnown;
  for (const line of lines) {
    const mark = `${line.head} ${line.cursor}`;
    const comparable = checked.get(mark) ?? (line.epoch === appended.epoch && (await isInStream(redis, line)));
    checked.set(mark, comparable);
    const standingOf = (replica: ReplicaProgress): ReplicaStanding => {
      const reached = replica.cursor !== undefined && compareIds(replica.cursor, appended.cursor) >= 0;
      const applied = !comparable ? 'unknown' : reached ? 'yes' : 'no';
      return { replica, applied, silentMs: nowMs - line.writtenAtMs };
    };
    readers.push(line.replicas.map(standingOf));
  }
  const heartbeats = {
    ageMs: nowMs - readTimeIn(heartbeatAt, 'hbAt', Number.NEGATIVE_INFINITY),
    // A sidecar of the last release writes heartbeats, but notices no pauses between them.
    isWatched: readTimeIn(ownBeatAt, 'ownBeatAt', Number.NaN) === readTimeIn(heartbeatAt, 'hbAt', Number.NaN),
    steadyForMs: nowMs - readTimeIn(steadySince, 'steadySince', Number.POSITIVE_INFINITY),
  };
  const standings = readers.flat();
  const counted = countEnforcement(standings);
  const isComplete = namesEveryReader(standings, heartbeats);
  const issuerTrustedBy = judgeIssuerTrust({ issuer: appended.issuer, isComplete }, readers);
  return { ...counted, known: counted.known && isComplete, issuerTrustedBy };
}

/** Whether every reader that may be fresh has a line. */
function namesEveryReader(
  standings: readonly ReplicaStanding[],
  heartbeats: { readonly ageMs: number; readonly isWatched: boolean; readonly steadyForMs: number },
): boolean {
  const { ageMs, isWatched, steadyForMs } = heartbeats;
  const limits = standings.map(({ replica }) => silenceLimitMs(replica));
  const longestMs = Math.max(silenceLimitMs({ maxStalenessMs: defaultMaxStalenessMs }), ...limits);
  // A heartbeat may be written between the reading of the time and that of the heartbeat.
  return isWatched && ageMs >= -readingMs && ageMs <= maxHeartbeatAgeMs && steadyForMs > longestMs + cutOffMs;
}

function readTimeIn(value: unknown, what: string, absent: number): number {
  const text = readOptionalText(value, what);
  return text === undefined ? absent : readNumber(text, what);
}

/** Whether the stream has an entry at `cursor`, and the head after it was `head`. */
async function isInStream(
  redis: RedisConnection,
  at: { readonly cursor: string; readonly head: string },
): Promise<boolean> {
  if (at.cursor === '') return false;
  const [entry] = readEntries(await redis.call('XRANGE', [keys.log, at.cursor, at.cursor]));
  return entry !== undefined && linkHead(entry.prev, entry.event) === at.head;
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
