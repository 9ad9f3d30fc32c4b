import type { Clock, Random } from '../clock.ts';
import { decodeEvent } from '../codec/event.ts';
import { wordsOfRows } from '../codec/rows.ts';
import {
  type Feed,
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedError,
  FeedGap,
  type FeedPosition,
  logTimeSample,
} from '../log/feed.ts';
import { linkHead } from '../log/link-head.ts';
import { mayLeave, type Reader, reportLifetimeMs, reportMs } from '../log/reader.ts';
import { CausalProof } from '../replication/causal-proof.ts';
import { Reporter } from '../replication/reporter.ts';
import type { RedisSource } from '../sources/source.ts';
import { connectRedis, type RedisConnection } from './connection/connect.ts';
import { readArray, readNumber, readOptionalText, readText } from './connection/replies.ts';
import { isCommandRefused } from './connection/reply-errors.ts';
import type { RoundTrips } from './connection/round-trips.ts';
import { RedisSession } from './connection/session.ts';
import { watchName } from './connection/watch-name.ts';
import { compareIds, type RawEntry, readEntries } from './entries.ts';
import { keys } from './keys.ts';
import { leaveRegistry, reportTo } from './registry.ts';
import { readPage, requestPage } from './rules-page.ts';
import { positionScript } from './scripts/log.ts';

/** With an empty read this often, the proof is at most a second older than the heartbeat. */
const blockMs = 500;
/** Between two reads where XREAD is refused. With the round trip, a change arrives within half a second. */
const pollMs = 250;
/** Longer than a read blocks; a half-open connection is closed after it. */
const silenceMs = 2000;
/** Rows in a page: with twice as many, reading one page blocks the event loop for 22 ms. */
const snapshotPage = 1000;
/** After so long without an entry, heartbeats included, the end of the log is read again. */
const quietMs = 2000;
const tailBatch = 1000;

interface RedisFeedPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** `pending`: Redis has lost keys without an entry in the log, and no snapshot was begun since. */
  readonly loss?: { pending: boolean };
  readonly roundTrips?: RoundTrips;
  /** The name of the server leads to another log: other connections to it must be opened again too. */
  readonly onMoved?: () => void;
}

/** The log in Redis as a feed. Nothing is connected before `connect`. */
export function createRedisFeed(source: RedisSource, ports: RedisFeedPorts): Feed {
  // Shared by all connections: one that resumes without a snapshot must notice a loss that happened before it.
  const { clock, loss = { pending: false }, roundTrips, onMoved } = ports;
  return {
    name: source.name,
    async connect(signal, reader) {
      // A connection of its own: behind a blocking read a report would be half a second late.
      const session = new RedisSession(source, {
        ...ports,
        timeouts: { commandMs: reportMs, isBackground: true, roundTrips },
      });
      const reporter = new Reporter(clock, reader, reportTo(session, clock));
      try {
        await reporter.join();
        const timeouts = { commandMs: silenceMs, isBackground: true, roundTrips };
        const redis = await connectRedis(source, timeouts);
        const connection = new RedisFeedConnection({ redis, clock, reader, reporter, session, loss, signal });
        void watchName({
          source,
          connection: redis,
          clock,
          dial: () => connectRedis(source, timeouts),
          hasOurLog: (other) => connection.isIn(other),
          onMoved: () => onMoved?.(),
        });
        return connection;
      } catch (error) {
        reporter.close();
        session.close();
        throw error;
      }
    },
  };
}

interface FeedConnectionParts {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly reader: Reader;
  readonly reporter: Reporter;
  /** Of the reporter. */
  readonly session: RedisSession;
  readonly loss: { pending: boolean };
  readonly signal: AbortSignal;
}

class RedisFeedConnection implements FeedConnection {
  readonly lifts = 'union';
  readonly #parts: FeedConnectionParts;
  /** The last position that was applied. */
  #reached: FeedPosition | undefined;
  /** The batch that is being applied has more than heartbeats. */
  #hasChanges = false;
  readonly #stop = (): void => this.#parts.redis.close();

  constructor(parts: FeedConnectionParts) {
    this.#parts = parts;
    parts.signal.addEventListener('abort', this.#stop, { once: true });
  }

  async position(): Promise<FeedPosition> {
    const { redis, clock } = this.#parts;
    const sentAtMs = clock.monotonicMs();
    const read = redis.run(positionScript, [keys.meta, keys.log], []);
    const counted = this.#countRules();
    const reply = readArray(await read, 'position');
    const answeredAtMs = clock.monotonicMs();
    const rules = await counted;
    const [now, epoch, head, healing, maxTokenLifetime, minReader, cursor, skew, identity, bornAt] = reply;
    const knownEpoch = readOptionalText(epoch, 'epoch');
    if (knownEpoch === undefined) {
      throw new FeedError('not_ready', 'expected a log, found none: start a sidecar, or run `revocast-sidecar init`');
    }
    const logMs = readNumber(now, 'TIME');
    const born = readOptionalText(bornAt, 'bornAt');
    return {
      epoch: knownEpoch,
      identity: readOptionalText(identity, 'identity') || undefined,
      head: readText(head, 'head'),
      cursor: readText(cursor, 'last id'),
      healing: readNumber(healing, 'healing') === 1,
      maxTokenLifetimeSeconds: readNumber(maxTokenLifetime, 'maxTokenLifetime'),
      minReader: readNumber(minReader, 'minReader'),
      cutoffSkewSeconds: readNumber(skew, 'skew'),
      rules,
      logTime: logTimeSample(logMs, sentAtMs, answeredAtMs),
      bornAtMs: born === undefined ? undefined : readNumber(born, 'bornAt'),
    };
  }

  /**
   * HSCAN returns every field that exists from start to end, whatever is pruned, raised or lifted meanwhile. The next page
   * is requested before the present one is read, so that Redis and this process work at the same time.
   */
  async *snapshot(): AsyncIterable<Uint32Array> {
    const { redis, loss } = this.#parts;
    loss.pending = false;
    const request = (cursor: string): Promise<unknown> => {
      const page = requestPage(redis, cursor, snapshotPage);
      // A caller that stops reading never awaits the page requested last, and its failure then has no consequence.
      page.catch(() => undefined);
      return page;
    };
    for (let requested: Promise<unknown> | undefined = request('0'); requested !== undefined; ) {
      const { cursor, rows } = readPage(await requested);
      requested = cursor === '0' ? undefined : request(cursor);
      if (rows.byteLength > 0) yield wordsOfRows(rows);
    }
  }

  async *tail(from: FeedPosition): AsyncIterable<FeedBatch> {
    const { redis, clock, reporter, loss, signal } = this.#parts;
    const proof = new CausalProof();
    let { cursor } = from;
    // Only a primary that is gone had this position, and its clock was ahead. New entries would come before it, unseen.
    if (compareIds(cursor, await this.#lastId()) > 0) throw new FeedGap('chain', 'the log ends before our position');
    // The first read proves nothing, because no read came before it. It only has to reach the end; blocking there would
    // delay the first proof by half a second.
    const reader = new TailReader(redis);
    let isAtEnd = false;
    let quietSinceMs = clock.monotonicMs();
    for (let isFirst = true; ; isFirst = false) {
      if (loss.pending) throw new FeedGap('chain', 'Redis has evicted keys, which may include rules');
      if (reader.isPolling && isAtEnd) await clock.sleep(pollMs, signal);
      const sentAtMs = clock.monotonicMs();
      const entries: FeedEntry[] = [];
      let heartbeat: { loggedAtMs: number; healing: boolean } | undefined;
      for (const { id, prev, event: line } of await reader.after(cursor, { mayBlock: !isFirst })) {
        const event = decodeEvent(line);
        if (event === undefined) throw new FeedGap('unreadable', `the log entry ${id} cannot be read`);
        if (event.kind === 'heartbeat') heartbeat = event;
        cursor = id;
        entries.push({
          prev,
          head: linkHead(prev, line),
          cursor,
          change: event.kind === 'rule' ? event : undefined,
          seq: event.seq,
        });
      }
      if (entries.length > 0) quietSinceMs = sentAtMs;
      else if (sentAtMs - quietSinceMs >= quietMs) {
        // The same on this connection: Redis was emptied after its clock was set back, so new entries have earlier ids.
        if (compareIds(cursor, await this.#lastId()) > 0) throw new FeedGap('chain', 'the log began anew');
        quietSinceMs = sentAtMs;
      }
      isAtEnd = entries.length < tailBatch;
      const provenAtMs = proof.afterRead(sentAtMs, isAtEnd, heartbeat !== undefined);
      this.#hasChanges = entries.some(({ change }) => change !== undefined);
      yield {
        entries,
        logTime: reporter.takeLogTime(),
        provenAtMs: this.#isKnown() ? provenAtMs : undefined,
        healing: heartbeat?.healing,
        heartbeatLoggedAtMs: heartbeat?.loggedAtMs,
      };
    }
  }

  acknowledge(position: FeedPosition): void {
    this.#reached = position;
    this.#parts.reporter.reached(position, this.#hasChanges);
  }

  close(): void {
    const { redis, reader, reporter, session, signal } = this.#parts;
    signal.removeEventListener('abort', this.#stop);
    redis.close();
    reporter.close();
    // A reader that stops in order deletes its line. After a broken connection the line stays, because the replicas behind
    // it may still be fresh.
    const left = signal.aborted && mayLeave(reader) ? leaveRegistry(session, reader.id) : Promise.resolve();
    void left.catch(() => {}).finally(() => session.close());
  }

  /**
   * Whether the log of another connection has the position that was reached on this one. A copy of a log has its identity, so
   * only entries tell.
   */
  async isIn(other: RedisConnection): Promise<boolean> {
    if (this.#reached === undefined) return true;
    const { cursor, head } = this.#reached;
    const [entry] = readEntries(await other.call('XREVRANGE', [keys.log, cursor, cursor, 'COUNT', 1]));
    return entry !== undefined && linkHead(entry.prev, entry.event) === head;
  }

  /** Only for the room of the denylist: without the right to this command, as earlier rights were, nothing is known of it. */
  async #countRules(): Promise<number | undefined> {
    try {
      return readNumber(await this.#parts.redis.call('HLEN', [keys.rules]), 'HLEN');
    } catch {
      return undefined; // a connection that is lost fails the command before this one, too
    }
  }

  async #lastId(): Promise<string> {
    const [last] = readEntries(await this.#parts.redis.call('XREVRANGE', [keys.log, '+', '-', 'COUNT', 1]));
    return last?.id ?? '0-0';
  }

  /** Whether Redis has a recent report. Without one a publisher does not wait for this reader, so it must not be fresh. */
  #isKnown(): boolean {
    const { clock, reporter } = this.#parts;
    return clock.monotonicMs() - reporter.arrivedAtMs <= reportLifetimeMs;
  }
}

/** Reads new entries by XREAD or, where a service or a proxy refuses that command, by XRANGE. */
class TailReader {
  readonly #redis: RedisConnection;
  /** XREAD was refused: no read blocks, so the caller pauses between two of them. */
  isPolling = false;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  /** The entries after `cursor`, at most `tailBatch`. @throws FeedError */
  async after(cursor: string, { mayBlock }: { readonly mayBlock: boolean }): Promise<readonly RawEntry[]> {
    if (!this.isPolling) {
      try {
        const block = mayBlock ? ['BLOCK', blockMs] : [];
        return readNewEntries(
          await this.#redis.call('XREAD', ['COUNT', tailBatch, ...block, 'STREAMS', keys.log, cursor]),
        );
      } catch (error) {
        if (!isCommandRefused(error)) throw error;
        this.isPolling = true;
      }
    }
    return readEntries(await this.#redis.call('XRANGE', [keys.log, `(${cursor}`, '+', 'COUNT', tailBatch]));
  }
}

function readNewEntries(reply: unknown): RawEntry[] {
  if (reply === null || reply === undefined) return [];
  const [stream] = readArray(reply, 'XREAD');
  const [, rows] = readArray(stream, 'XREAD stream');
  return readEntries(rows);
}
