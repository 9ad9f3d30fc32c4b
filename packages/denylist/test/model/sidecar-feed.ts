import type { Random } from '../../src/clock.ts';
import { decodeEvent } from '../../src/codec/event.ts';
import { bytesOfRows, rowBytes } from '../../src/codec/rows.ts';
import { Journal } from '../../src/http/server/journal.ts';
import { formatPosition, parsePosition } from '../../src/http/wire/wire.ts';
import {
  type Feed,
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedError,
  FeedGap,
  type FeedPosition,
} from '../../src/log/feed.ts';
import type { Replica } from '../../src/replication/open-replica.ts';
import { defaultMaxTokenLifetimeSeconds } from '../../src/rules/rule.ts';
import type { Flaw } from './flaws.ts';
import type { Party } from './party.ts';

const readTimeoutMs = 3000;
const journalEntries = 50;

interface Frame {
  readonly text?: string;
  readonly provenAtMs?: number;
}

interface Reader {
  readonly frames: Frame[];
  wake: () => void;
}

/** A sidecar's side of its wire: `http/serve.ts` with the wire replaced, over the real journal. */
export class SimSidecarServer {
  readonly party: Party;
  readonly #replica: Replica;
  readonly #journal: Journal;
  readonly #flaw: Flaw | undefined;
  readonly #readers = new Set<Reader>();

  constructor(party: Party, replica: Replica, options: { readonly feed: string; readonly flaw: Flaw | undefined }) {
    this.party = party;
    this.#replica = replica;
    this.#journal = new Journal(options.feed, journalEntries);
    this.#flaw = options.flaw;
    replica.denylist.onChange((change) => {
      if (this.#flaw === 'snapshot rules not sent' && change.loggedAtMs === undefined) return;
      this.#send({ text: this.#journal.record(change) });
    });
    replica.freshness.onProof((proof) => {
      if (this.#flaw === 'proof not handed on') this.#send({ provenAtMs: party.monotonicMs() });
      else if (replica.freshness.isFresh()) this.#send(proof);
    });
  }

  snapshot(): { readonly position: FeedPosition; readonly rows: Uint8Array } {
    const { denylist, freshness, logClock } = this.#replica;
    if (!freshness.everComplete) throw new FeedError('not_ready', 'the first synchronisation is not complete');
    const rows = Buffer.concat([...denylist.snapshot().chunks()].map(bytesOfRows));
    const head = formatPosition({ feed: this.#journal.feed, n: this.#journal.n });
    const logMs = logClock.nowMs();
    const position = {
      epoch: this.#replica.status().epoch ?? '',
      head,
      cursor: head,
      healing: false,
      maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds,
      minReader: 1,
      ...(logMs === undefined ? {} : { logTime: { logMs, monotonicMs: this.party.monotonicMs(), roundTripMs: 1 } }),
    };
    return { position, rows };
  }

  /** @throws FeedGap when the position is not of this feed, or too old. */
  subscribe(cursor: string): Reader {
    const asked = parsePosition(cursor);
    const ours = asked !== undefined && (asked.feed === this.#journal.feed || this.#flaw === 'positions without feed');
    const backlog = ours ? this.#journal.since(asked.n) : undefined;
    if (backlog === undefined) throw new FeedGap('position_lost', 'another feed');
    const { freshness } = this.#replica;
    const provenAtMs = this.#flaw === 'proof not handed on' ? this.party.monotonicMs() : freshness.provenAtMs;
    const vouches = this.#flaw === 'proof not handed on' || freshness.isFresh();
    const proven = vouches && provenAtMs !== undefined ? [{ provenAtMs }] : [];
    const reader = { frames: [...backlog.map((text) => ({ text })), ...proven], wake: () => {} };
    this.#readers.add(reader);
    return reader;
  }

  unsubscribe(reader: Reader): void {
    this.#readers.delete(reader);
  }

  #send(frame: Frame): void {
    for (const reader of this.#readers) {
      reader.frames.push(frame);
      reader.wake();
    }
  }
}

export interface SidecarFeedOptions {
  readonly party: Party;
  readonly random: Random;
  readonly flaw: Flaw | undefined;
  /** The sidecar this process is pointed at now. */
  readonly sidecar: () => SimSidecarServer;
}

/** A modelled sidecar as a feed: `http/feed.ts` with the wire replaced. */
export function createSidecarFeed(options: SidecarFeedOptions): Feed {
  const { party, random, sidecar, flaw } = options;
  const ask = async <T>(server: SimSidecarServer, read: () => T): Promise<T> => {
    await party.sleep(Math.floor(random() * 10), party.death);
    if (server !== sidecar() || !server.party.alive) throw new FeedError('closed', 'the sidecar is gone');
    if (server.party.paused) {
      await party.sleep(readTimeoutMs, party.death);
      throw new FeedError('timeout', 'the sidecar fell silent');
    }
    const answer = read();
    await party.sleep(Math.floor(random() * 10), party.death);
    return answer;
  };
  return {
    name: 'model sidecar',
    async connect() {
      const server = sidecar();
      let snapshot: ReturnType<SimSidecarServer['snapshot']> | undefined;
      return {
        lifts: flaw === 'process unites lifts' ? 'union' : 'take',
        async position() {
          snapshot ??= await ask(server, () => server.snapshot());
          return snapshot.position;
        },
        async *snapshot() {
          const rows = snapshot?.rows ?? new Uint8Array();
          for (let at = 0; at < rows.byteLength; at += rowBytes) yield rows.subarray(at, at + rowBytes);
        },
        async *tail(from) {
          const reader = await ask(server, () => server.subscribe(from.cursor));
          try {
            yield* readFrames(reader, server, options);
          } finally {
            server.unsubscribe(reader);
          }
        },
        close: () => {},
      } satisfies FeedConnection;
    },
  };
}

async function* readFrames(
  reader: Reader,
  server: SimSidecarServer,
  { party, random, sidecar }: SidecarFeedOptions,
): AsyncIterable<FeedBatch> {
  let heardAtMs = party.monotonicMs();
  for (;;) {
    if (!party.alive || server !== sidecar()) throw new FeedError('closed', 'pointed elsewhere');
    if (reader.frames.length === 0) {
      if (!server.party.alive) throw new FeedError('closed', 'the sidecar was killed');
      // A sidecar that runs is never silent: it sends a comment a second.
      if (!server.party.paused) heardAtMs = party.monotonicMs();
      if (party.monotonicMs() - heardAtMs >= readTimeoutMs) throw new FeedError('timeout', 'the sidecar fell silent');
      const woken = new AbortController();
      reader.wake = () => woken.abort();
      await party.sleep(1000, woken.signal);
      continue;
    }
    heardAtMs = party.monotonicMs();
    const frames = reader.frames.splice(0);
    await party.sleep(Math.floor(random() * 10), party.death);
    const entries: FeedEntry[] = [];
    let provenAtMs: number | undefined;
    for (const frame of frames) {
      if (frame.text !== undefined) entries.push(readFrame(frame.text));
      provenAtMs = frame.provenAtMs ?? provenAtMs;
    }
    yield { entries, provenAtMs };
  }
}

function readFrame(text: string): FeedEntry {
  const [, id = '', data = ''] = /^id: (.*)\nevent: rule\ndata: (.*)\n\n$/.exec(text) ?? [];
  const position = parsePosition(id);
  const event = decodeEvent(data);
  if (position === undefined || event?.kind !== 'rule') throw new FeedGap('unreadable', 'an event cannot be read');
  const { feed, n } = position;
  return { prev: formatPosition({ feed, n: n - 1 }), head: id, cursor: id, change: event };
}
