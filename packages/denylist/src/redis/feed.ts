import type { Clock, Random } from '../clock.ts';
import { decodeEvent } from '../codec/event.ts';
import { rowBytes } from '../codec/rows.ts';
import {
  type Feed,
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedError,
  FeedGap,
  type FeedPosition,
  type LogTimeSample,
} from '../log/feed.ts';
import { linkHead } from '../log/link-head.ts';
import { reportLifetimeMs, reportMs } from '../log/reader.ts';
import { CausalProof } from '../replication/causal-proof.ts';
import { Reporter } from '../replication/reporter.ts';
import type { RedisSource } from '../sources/source.ts';
import { connectRedis, type RedisConnection } from './connection/connect.ts';
import { readArray, readBytes, readNumber, readOptionalText, readText } from './connection/replies.ts';
import { RedisSession } from './connection/session.ts';
import { type RawEntry, readEntries } from './entries.ts';
import { keys } from './keys.ts';
import { leaveRegistry, reportTo } from './registry.ts';
import { positionScript } from './scripts.ts';

/** An empty read this often keeps the proof within a second of the heartbeat. */
const blockMs = 500;
/** Above the block time; a half-open link is torn down after it. */
const silenceMs = 2000;
/** Rows asked for at a time: with twice as many, taking one page apart holds up everything else for 22 ms. */
const snapshotPage = 1000;
const tailBatch = 1000;

export interface RedisFeedPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** How often keys were found to be lost without a trace in the log; each time its one reader reads everything anew. */
  readonly losses?: () => number;
}

/** The log in Redis as a feed. Nothing is connected before `connect`. */
export function createRedisFeed(source: RedisSource, ports: RedisFeedPorts): Feed {
  const { clock, losses = () => 0 } = ports;
  // Of the feed and not of a connection: a loss while disconnected must be noticed by whoever resumes without a snapshot.
  let mendedLosses = losses();
  const loss: LossWatch = {
    suspected: () => losses() !== mendedLosses,
    readingAnew() {
      mendedLosses = losses();
    },
  };
  return {
    name: source.name,
    async connect(signal, reader) {
      // A connection of its own: behind a blocking read a report would be half a second late.
      const reporting = new RedisSession(source, { ...ports, timeouts: { commandMs: reportMs, silenceMs } });
      const reporter = new Reporter(clock, reader, reportTo(reporting, clock));
      try {
        await reporter.join();
        const redis = await connectRedis(source, { silenceMs });
        const stop = () => redis.close();
        signal.addEventListener('abort', stop, { once: true });
        const close = () => {
          signal.removeEventListener('abort', stop);
          redis.close();
          reporter.close();
          // Only who stops in order takes its line away; a link that broke leaves it, to be waited for.
          const farewell = signal.aborted ? leaveRegistry(reporting, reader.id) : Promise.resolve();
          void farewell.catch(() => {}).finally(() => reporting.close());
        };
        return openConnection({ redis, clock, reporter, loss, close });
      } catch (error) {
        reporter.close();
        reporting.close();
        throw error;
      }
    },
  };
}

interface LossWatch {
  suspected(): boolean;
  readingAnew(): void;
}

interface OpenConnection {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly loss: LossWatch;
  readonly close: () => void;
}

function openConnection({ redis, clock, reporter, loss, close }: OpenConnection): FeedConnection {
  // Whoever cannot be seen must not be fresh: a revocation is not waited for by anyone it does not know.
  const isSeen = () => clock.monotonicMs() - reporter.arrivedAtMs <= reportLifetimeMs;
  return {
    lifts: 'union',
    position: () => readPosition(redis, clock),
    snapshot() {
      loss.readingAnew();
      return readSnapshot(redis);
    },
    tail: (from) => readTail({ redis, clock, from, isSeen, loss, takeLogTime: () => reporter.takeLogTime() }),
    acknowledge: (position) => reporter.reached(position),
    close,
  };
}

async function readPosition(redis: RedisConnection, clock: Clock): Promise<FeedPosition> {
  const sentAtMs = clock.monotonicMs();
  const reply = readArray(await redis.run(positionScript, [keys.meta, keys.log], []), 'position');
  const roundTripMs = clock.monotonicMs() - sentAtMs;
  const [now, epoch, head, healUntil, maxTokenLifetime, minReader, cursor] = reply;
  const knownEpoch = readOptionalText(epoch, 'epoch');
  if (knownEpoch === undefined) {
    throw new FeedError('not_ready', 'there is no log yet: a sidecar or `revocast-sidecar init` makes it');
  }
  const logMs = readNumber(now, 'TIME');
  return {
    epoch: knownEpoch,
    head: readText(head, 'head'),
    cursor: readText(cursor, 'last id'),
    healing: logMs < readNumber(healUntil, 'healUntil'),
    maxTokenLifetimeSeconds: readNumber(maxTokenLifetime, 'maxTokenLifetime'),
    minReader: readNumber(minReader, 'minReader'),
    logTime: { logMs, monotonicMs: sentAtMs + roundTripMs / 2, roundTripMs },
  };
}

/**
 * HSCAN returns every field that is there from start to end, whatever is pruned, raised or lifted meanwhile. Each page is
 * asked for before the one at hand is applied, so that Redis and this process work at the same time.
 */
async function* readSnapshot(redis: RedisConnection): AsyncIterable<Uint8Array> {
  const scan = (cursor: string) => {
    const page = redis.call('HSCAN', [keys.rules, cursor, 'COUNT', snapshotPage]);
    // Whoever stops reading leaves one page behind; that it failed too is nobody's news.
    page.catch(() => undefined);
    return page;
  };
  for (let asked: Promise<unknown> | undefined = scan('0'); asked !== undefined; ) {
    const reply = readArray(await asked, 'HSCAN');
    const cursor = readText(reply[0], 'HSCAN cursor');
    asked = cursor === '0' ? undefined : scan(cursor);
    const rows = packRows(readArray(reply[1], 'HSCAN page'));
    if (rows.byteLength > 0) yield rows;
  }
}

function packRows(pairs: readonly unknown[]): Uint8Array {
  const page = new Uint8Array((pairs.length / 2) * rowBytes);
  let rows = 0;
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    const digest = readBytes(pairs[index], 'digest');
    const rule = readBytes(pairs[index + 1], 'rule');
    // A foreign field must not shift all rows behind it.
    if (digest.byteLength !== 16 || rule.byteLength !== 16) continue;
    page.set(digest, rows * rowBytes);
    page.set(rule, rows * rowBytes + 16);
    rows += 1;
  }
  return page.subarray(0, rows * rowBytes);
}

interface Tail {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly from: FeedPosition;
  readonly isSeen: () => boolean;
  readonly loss: LossWatch;
  readonly takeLogTime: () => LogTimeSample | undefined;
}

async function* readTail({ redis, clock, from, isSeen, loss, takeLogTime }: Tail): AsyncIterable<FeedBatch> {
  const proof = new CausalProof();
  let cursor = from.cursor;
  // The first read proves nothing, whatever it shows: it only has to reach the end, and need not wait for a heartbeat
  // there, of which the next one would then be half a second away.
  let waiting: readonly (string | number)[] = [];
  for (;;) {
    if (loss.suspected()) throw new FeedGap('chain', 'Redis has evicted keys, and perhaps rules');
    const sentAtMs = clock.monotonicMs();
    const reply = await redis.call('XREAD', ['COUNT', tailBatch, ...waiting, 'STREAMS', keys.log, cursor]);
    waiting = ['BLOCK', blockMs];
    const entries: FeedEntry[] = [];
    let heartbeat: { loggedAtMs: number; healing: boolean } | undefined;
    for (const raw of readNewEntries(reply)) {
      const event = decodeEvent(raw.event);
      if (event === undefined) throw new FeedGap('unreadable', `the log entry ${raw.id} cannot be read`);
      if (event.kind === 'heartbeat') heartbeat = event;
      cursor = raw.id;
      entries.push({
        prev: raw.prev,
        head: linkHead(raw.prev, raw.event),
        cursor,
        ...(event.kind === 'rule' ? { change: event } : {}),
      });
    }
    const provenAtMs = proof.afterRead(sentAtMs, entries.length < tailBatch, heartbeat !== undefined);
    const logTime = takeLogTime();
    yield {
      entries,
      logTime,
      ...(provenAtMs === undefined || !isSeen() ? {} : { provenAtMs }),
      healing: heartbeat?.healing,
      heartbeatLoggedAtMs: heartbeat?.loggedAtMs,
    };
  }
}

function readNewEntries(reply: unknown): RawEntry[] {
  if (reply === null || reply === undefined) return [];
  const [stream] = readArray(reply, 'XREAD');
  const [, rows] = readArray(stream, 'XREAD stream');
  return readEntries(rows);
}
