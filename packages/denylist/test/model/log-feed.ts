import type { Random } from '../../src/clock.ts';
import { decodeEvent } from '../../src/codec/event.ts';
import { rowBytes, viewOf, writeRule } from '../../src/codec/rows.ts';
import {
  type Feed,
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedError,
  FeedGap,
  type FeedPosition,
} from '../../src/log/feed.ts';
import { CausalProof } from '../../src/replication/causal-proof.ts';
import { digestToBytes } from '../../src/rules/digest.ts';
import { defaultMaxTokenLifetimeSeconds } from '../../src/rules/rule.ts';
import type { Flaw } from './flaws.ts';
import type { Party } from './party.ts';
import type { SimCluster } from './sim-cluster.ts';
import { linkAfter, type SimRedis } from './sim-redis.ts';

const blockMs = 500;
const silenceMs = 2000;
/** Small, so that two commands make a backlog and two rules a second page. */
const tailBatch = 3;
const pageRows = 1;

export interface LogFeedOptions {
  readonly cluster: SimCluster;
  readonly party: Party;
  readonly random: Random;
  readonly flaw: Flaw | undefined;
  /** A snapshot begins. */
  readonly onSnapshot?: () => void;
}

/** The modelled Redis as a feed: `redis/feed.ts` with the wire replaced. */
export function createLogFeed(options: LogFeedOptions): Feed {
  const { cluster, party } = options;
  return {
    name: 'model',
    async connect() {
      const node = cluster.reachedBy(party.name);
      await travel(options);
      if (node === undefined || cluster.reachedBy(party.name) !== node) {
        throw new FeedError('unreachable', 'no Redis in reach');
      }
      return openConnection(new Link(options, node), options);
    },
  };
}

/** One connection: it ends at one server, and dies with it. */
class Link {
  readonly node: SimRedis;
  readonly #options: LogFeedOptions;
  readonly #generation: number;

  constructor(options: LogFeedOptions, node: SimRedis) {
    this.#options = options;
    this.node = node;
    this.#generation = node.generation;
  }

  /** Asks the server; what it answered is seen when the party runs. */
  async ask<T>(read: (node: SimRedis) => T): Promise<T> {
    await travel(this.#options);
    await this.#assertOpen();
    const answer = read(this.node);
    await travel(this.#options);
    await this.#assertOpen();
    return answer;
  }

  /** A blocking read: answered at once when `ready`, at the next write, or after the block time. */
  async block<T>(read: (node: SimRedis) => T, ready: (answer: T) => boolean): Promise<T> {
    await this.#assertOpen();
    const first = read(this.node);
    if (!ready(first)) await this.node.change(blockMs);
    await this.#assertOpen();
    // Answered now, whether the party runs or not: a stopped process finds old news when it resumes.
    const answer = ready(first) ? first : read(this.node);
    await travel(this.#options);
    await this.#assertOpen();
    return answer;
  }

  async #assertOpen(): Promise<void> {
    const { cluster, party } = this.#options;
    if (!party.alive) throw new FeedError('closed', 'killed');
    if (this.node.generation !== this.#generation) throw new FeedError('closed', 'connection lost');
    if (cluster.reachedBy(party.name) === this.node) return;
    await party.sleep(silenceMs, party.death);
    throw new FeedError('timeout', 'half-open');
  }
}

async function travel({ party, random }: LogFeedOptions): Promise<void> {
  await party.sleep(Math.floor(random() * 20), party.death);
}

function openConnection(link: Link, options: LogFeedOptions): FeedConnection {
  let firstHead: string | undefined;
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
        // Like HSCAN: what was there from start to end is shown, as it is when its page is read.
        yield await link.ask((node) => pageOf(node, fields.slice(from, from + pageRows)));
      }
    },
    tail: (from) => readTail(link, from, options),
    close: () => {},
  };
}

function positionOf(node: SimRedis, { party }: LogFeedOptions): FeedPosition {
  const { meta, entries } = node.state;
  if (meta === undefined) throw new FeedError('not_ready', 'there is no log yet');
  return {
    epoch: meta.epoch,
    head: meta.head,
    cursor: String(entries.at(-1)?.id ?? 0),
    healing: node.nowMs() < meta.healUntilMs,
    maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds,
    minReader: 1,
    logTime: { logMs: node.nowMs(), monotonicMs: party.monotonicMs(), roundTripMs: 1 },
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

async function* readTail(link: Link, from: FeedPosition, options: LogFeedOptions): AsyncIterable<FeedBatch> {
  const { party, flaw } = options;
  const proof = new CausalProof();
  let cursor = Number(from.cursor);
  let head = from.head;
  for (;;) {
    const sentAtMs = party.monotonicMs();
    const raw = await link.block(
      ({ state }) => state.entries.filter(({ id }) => id > cursor).slice(0, tailBatch),
      (entries) => entries.length > 0,
    );
    const entries: FeedEntry[] = [];
    let heartbeat: { loggedAtMs: number; healing: boolean } | undefined;
    for (const entry of raw) {
      const event = decodeEvent(entry.event);
      if (event === undefined) throw new FeedGap('unreadable', 'an entry cannot be read');
      if (event.kind === 'heartbeat') heartbeat = event;
      const prev = flaw === 'chain unchecked' ? head : entry.prev;
      head = linkAfter(entry);
      cursor = entry.id;
      entries.push({ prev, head, cursor: String(cursor), ...(event.kind === 'rule' ? { change: event } : {}) });
    }
    const causal = proof.afterRead(sentAtMs, raw.length < tailBatch, heartbeat !== undefined);
    const naive = heartbeat === undefined ? undefined : party.monotonicMs();
    const provenAtMs = flaw === 'proof is time of read' ? naive : causal;
    yield {
      entries,
      provenAtMs,
      healing: heartbeat?.healing,
      heartbeatLoggedAtMs: heartbeat?.loggedAtMs,
    };
  }
}
