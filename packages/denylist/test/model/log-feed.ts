import type { Random } from '../../src/clock.ts';
import { decodeEvent } from '../../src/codec/event.ts';
import { rowBytes, viewOf, wordsOfRows, writeRule } from '../../src/codec/rows.ts';
import {
  type Feed,
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedError,
  FeedGap,
  type FeedPosition,
} from '../../src/log/feed.ts';
import { reportLifetimeMs } from '../../src/log/reader.ts';
import { CausalProof } from '../../src/replication/causal-proof.ts';
import { Reporter } from '../../src/replication/reporter.ts';
import { digestToBytes } from '../../src/rules/digest.ts';
import { defaultMaxTokenLifetimeSeconds } from '../../src/rules/rule.ts';
import type { Flaw } from './flaws.ts';
import type { Party } from './party.ts';
import type { ReaderRegistry } from './reader-registry.ts';
import type { SimCluster } from './sim-cluster.ts';
import { linkAfter, type SimRedis } from './sim-redis.ts';
import { asReader } from './speaker.ts';

const blockMs = 500;
const silenceMs = 2000;
/** Small, so that few entries make a backlog and two rules make two pages. */
const tailBatch = 3;
const pageRows = 1;

export interface LogFeedOptions {
  readonly cluster: SimCluster;
  readonly party: Party;
  readonly random: Random;
  readonly flaw: Flaw | undefined;
  /** Of the last release, which does not read the identity of a log. */
  readonly isOld: boolean;
  /** The readers of the sidecar that follows the log. */
  readonly registry: ReaderRegistry;
  /** Whether reports to the log hang. */
  readonly reportsHang: () => boolean;
  /** Whether nothing passes on the connection that reads the log. */
  readonly tailHangs: () => boolean;
  /** Milliseconds that a message to the log, or from it, takes: at least, and less than. Default 0–20. */
  readonly lateMs?: readonly [number, number] | undefined;
  /** A snapshot begins. */
  readonly onSnapshot?: () => void;
}

/** The modelled Redis as a feed: `redis/feed.ts` without the network. */
export function createLogFeed(options: LogFeedOptions): Feed {
  const { cluster, party } = options;
  return {
    name: 'model',
    async connect() {
      const reporter = createReporter(options);
      try {
        // Before the first read, so that `enforcedEverywhere` waits for every sidecar that may be fresh.
        await reporter.join();
        const node = cluster.reachedBy(party.name);
        await travel(options);
        if (node === undefined || cluster.reachedBy(party.name) !== node || options.tailHangs()) {
          throw new FeedError('unreachable', 'no Redis in reach');
        }
        return openConnection(new Link(options, node), reporter, options);
      } catch (error) {
        reporter.close();
        throw error;
      }
    },
  };
}

/** Writes this reader's line over a connection of its own. */
function createReporter(options: LogFeedOptions): Reporter {
  const { cluster, party, registry, reportsHang } = options;
  return new Reporter(party, asReader(registry.id, registry), async (_, position) => {
    const rows = registry.rowsAt(position);
    const wallMs = party.wallMs();
    await travel(options);
    while (reportsHang() && party.alive) await party.sleep(200, party.death);
    const node = cluster.reachedBy(party.name);
    if (node === undefined || !cluster.acceptsWrites(node) || !party.alive) {
      throw new FeedError('unreachable', 'no Redis in reach');
    }
    const { epoch = '', head = '', cursor = '' } = position ?? {};
    node.report(registry.id, { epoch, head, cursor, rows, wallMs });
    const logMs = node.nowMs();
    const monotonicMs = party.monotonicMs();
    await travel(options);
    return { logMs, monotonicMs, roundTripMs: 1 };
  });
}

/** One connection to one server. */
class Link {
  readonly node: SimRedis;
  readonly #options: LogFeedOptions;
  readonly #generation: number;

  constructor(options: LogFeedOptions, node: SimRedis) {
    this.#options = options;
    this.node = node;
    this.#generation = node.generation;
  }

  /** Sends a command. A stopped party reads the reply when it runs again. */
  async ask<T>(read: (node: SimRedis) => T): Promise<T> {
    await travel(this.#options);
    await this.#assertOpen();
    const answer = read(this.node);
    await travel(this.#options);
    await this.#assertOpen();
    return answer;
  }

  /** A blocking read: the reply comes at once when `ready`, at the next write, or after the block time. */
  async block<T>(read: (node: SimRedis) => T, ready: (answer: T) => boolean): Promise<T> {
    await this.#assertOpen();
    const first = read(this.node);
    if (!ready(first)) await this.node.change(blockMs);
    await this.#assertOpen();
    // Also while the party is stopped: it reads this reply, which is old by then, when it runs again.
    const answer = ready(first) ? first : read(this.node);
    await travel(this.#options);
    await this.#assertOpen();
    return answer;
  }

  async #assertOpen(): Promise<void> {
    const { cluster, party } = this.#options;
    if (!party.alive) throw new FeedError('closed', 'killed');
    if (this.node.generation !== this.#generation) throw new FeedError('closed', 'connection lost');
    if (cluster.reachedBy(party.name) === this.node && !this.#options.tailHangs()) return;
    await party.sleep(silenceMs, party.death);
    throw new FeedError('timeout', 'half-open');
  }
}

export async function travel({
  party,
  random,
  lateMs: [least, most] = [0, 20],
}: Pick<LogFeedOptions, 'party' | 'random' | 'lateMs'>): Promise<void> {
  await party.sleep(least + Math.floor(random() * (most - least)), party.death);
}

function openConnection(link: Link, reporter: Reporter, options: LogFeedOptions): FeedConnection {
  let firstHead: string | undefined;
  let hasChanges = false;
  const onBatch = (entries: readonly FeedEntry[]) => {
    hasChanges = entries.some(({ change }) => change !== undefined);
  };
  return {
    lifts: 'union',
    async position() {
      const position = await link.ask((node) => positionOf(node, options));
      if (options.flaw === 'no second head') firstHead ??= position.head;
      return firstHead === undefined ? position : { ...position, head: firstHead };
    },
    async *snapshot() {
      options.onSnapshot?.();
      const fields = await link.ask((node) => [...node.state.rules.keys()]);
      for (let from = 0; from < fields.length; from += pageRows) {
        // Like HSCAN: every rule that exists from start to end is returned, with its numbers at that moment.
        yield wordsOfRows(await link.ask((node) => pageOf(node, fields.slice(from, from + pageRows))));
      }
    },
    tail: (from) => readTail({ link, from, reporter, options, onBatch }),
    // A batch of heartbeats is reported when the last report is old.
    acknowledge: (position) => reporter.reached(position, hasChanges),
    close: () => reporter.close(),
  };
}

function positionOf(node: SimRedis, { party, flaw, isOld }: LogFeedOptions): FeedPosition {
  const { meta, entries } = node.state;
  if (meta === undefined) throw new FeedError('not_ready', 'there is no log yet');
  const isAgeless = isOld || flaw === 'successor of any age';
  return {
    epoch: meta.epoch,
    identity: isOld || flaw === 'logs without identity' ? undefined : meta.identity,
    head: meta.head,
    cursor: String(entries.at(-1)?.id ?? 0),
    healing: node.isHealing(meta),
    maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds,
    minReader: 1,
    logTime: { logMs: node.nowMs(), monotonicMs: party.monotonicMs(), roundTripMs: 1 },
    bornAtMs: isAgeless ? undefined : meta.bornAtMs,
  };
}

function pageOf(node: SimRedis, fields: readonly string[]): Uint8Array {
  const held = fields.flatMap((field) => node.state.rules.get(field) ?? []);
  const page = new Uint8Array(held.length * rowBytes);
  for (const [row, { digest, rule }] of held.entries()) {
    page.set(digestToBytes(digest), row * rowBytes);
    writeRule(viewOf(page), row * rowBytes + 16, rule);
  }
  return page;
}

interface Tail {
  readonly link: Link;
  readonly from: FeedPosition;
  readonly reporter: Reporter;
  readonly options: LogFeedOptions;
  /** A batch is about to be applied. */
  readonly onBatch: (entries: readonly FeedEntry[]) => void;
}

async function* readTail({ link, from, reporter, options, onBatch }: Tail): AsyncIterable<FeedBatch> {
  const { party, flaw } = options;
  const proof = new CausalProof();
  let cursor = Number(from.cursor);
  // Only the lost primary had this position, and its clock was ahead: new entries come before it for as long.
  const checkEnd = async () => {
    const end = await link.ask((node) => node.end.id);
    if (end < cursor) throw new FeedGap('chain', 'the log ends before our position');
  };
  if (flaw !== 'tail from beyond the end') await checkEnd();
  let arrivedAtMs = party.monotonicMs();
  let head = from.head;
  for (;;) {
    const sentAtMs = party.monotonicMs();
    const raw = await link.block(
      ({ state }) => state.entries.filter(({ id }) => id > cursor).slice(0, tailBatch),
      (entries) => entries.length > 0,
    );
    if (raw.length > 0) arrivedAtMs = party.monotonicMs();
    // The log began again on this very server, and its clock has been set back.
    const isSilent = party.monotonicMs() - arrivedAtMs > silenceMs;
    if (isSilent && flaw !== 'end checked at the start alone' && flaw !== 'tail from beyond the end') await checkEnd();
    const entries: FeedEntry[] = [];
    let heartbeat: { loggedAtMs: number; healing: boolean } | undefined;
    for (const entry of raw) {
      const event = decodeEvent(entry.event);
      if (event === undefined) throw new FeedGap('unreadable', 'an entry cannot be read');
      if (event.kind === 'heartbeat') heartbeat = event;
      const prev = flaw === 'chain unchecked' ? head : entry.prev;
      head = linkAfter(entry);
      cursor = entry.id;
      entries.push({
        prev,
        head,
        cursor: String(cursor),
        seq: event.seq,
        ...(event.kind === 'rule' ? { change: event } : {}),
      });
    }
    const causal = proof.afterRead(sentAtMs, raw.length < tailBatch, heartbeat !== undefined);
    const naive = heartbeat === undefined ? undefined : party.monotonicMs();
    const believed = flaw === 'proof is time of read' ? naive : causal;
    // `enforcedEverywhere` does not wait for a sidecar without a recent line, so such a sidecar must not be fresh.
    const isSeen = party.monotonicMs() - reporter.arrivedAtMs <= reportLifetimeMs;
    const provenAtMs = isSeen ? believed : undefined;
    onBatch(entries);
    yield {
      entries,
      provenAtMs,
      healing: heartbeat?.healing,
      heartbeatLoggedAtMs: heartbeat?.loggedAtMs,
      logTime: reporter.takeLogTime(),
    };
  }
}
