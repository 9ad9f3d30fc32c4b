import { bytesOfRows, rowBytes } from '../../src/codec/rows.ts';
import { formatPosition, parsePosition } from '../../src/http/wire/wire.ts';
import { FeedError, FeedGap, type FeedPosition } from '../../src/log/feed.ts';
import type { Replica } from '../../src/replication/open-replica.ts';
import type { Change } from '../../src/rules/event.ts';
import { defaultMaxTokenLifetimeSeconds } from '../../src/rules/rule.ts';
import type { Flaw } from './flaws.ts';
import type { Links } from './links.ts';
import type { Party } from './party.ts';
import type { Hello, ReaderRegistry, ReaderRow } from './reader-registry.ts';

/** A half-open connection is closed after this long. */
const halfOpenMs = 3000;
const tickMs = 1000;
const journalEntries = 50;

export type Frame =
  | { readonly kind: 'change'; readonly n: number; readonly change: Change }
  /** `n`: the change up to which the proof speaks. A stream of the old wire does not carry it. */
  | { readonly kind: 'proof'; readonly provenAtMs: number; readonly n: number }
  | { readonly kind: 'welcome'; readonly secret: string };

export type StreamFault = 'lose change' | 'double change' | 'swap changes';

/** One connection as the server sees it: what waits to be read, and for whom. */
export class Stream {
  readonly reader: Party;
  readonly entryId: string;
  readonly frames: Frame[] = [];
  isOpen = true;
  /** Changes and proofs are sent from here on. */
  isFollowing = false;
  /** The reader has ended the connection; the server may not have heard of it. */
  isHungUp = false;
  wake: () => void = () => {};
  #fault: StreamFault | undefined;
  /** Overtaken by the frame after it. */
  readonly #held: Frame[] = [];

  readonly #isLegacy: boolean;

  constructor(reader: Party, entryId: string, isLegacy = false) {
    this.reader = reader;
    this.entryId = entryId;
    this.#isLegacy = isLegacy;
  }

  push(frame: Frame): void {
    const fault = frame.kind === 'change' ? this.#fault : undefined;
    if (fault === undefined) this.frames.push(frame, ...this.#held.splice(0));
    else this.#spoil(frame, fault);
    this.wake();
  }

  /** What happens to the next change on its way. The proofs of the old wire cannot show it. */
  spoilNext(fault: StreamFault): void {
    if (!this.#isLegacy) this.#fault = fault;
  }

  #spoil(frame: Frame, fault: StreamFault): void {
    this.#fault = undefined;
    if (fault === 'double change') this.frames.push(frame, frame);
    if (fault === 'swap changes') this.#held.push(frame);
  }

  end(): void {
    this.isOpen = false;
    this.wake();
  }
}

export interface SimServerOptions {
  readonly party: Party;
  readonly replica: Replica;
  readonly registry: ReaderRegistry;
  readonly links: Links;
  readonly flaw: Flaw | undefined;
}

/** The feed of a sidecar or relay: the changes of its real denylist over both wires, with the network replaced. */
export class SimServer {
  readonly party: Party;
  readonly feed: string;
  readonly #options: SimServerOptions;
  /** The newest changes, in order; the last one has the number `n`. */
  readonly #journal: Change[] = [];
  #n = 0;
  readonly #streams = new Set<Stream>();

  constructor(options: SimServerOptions) {
    const { party, replica, registry, flaw } = options;
    this.#options = options;
    this.party = party;
    this.feed = registry.id;
    replica.denylist.onChange((change) => {
      if (flaw === 'snapshot rules not sent' && change.loggedAtMs === undefined) return;
      this.#n += 1;
      this.#journal.push(change);
      if (this.#journal.length > journalEntries) this.#journal.shift();
      for (const stream of this.#streams) if (stream.isFollowing) stream.push({ kind: 'change', n: this.#n, change });
    });
    replica.onPosition((position) => registry.mark(this.#n, position));
    replica.freshness.onProof(() => {
      for (const stream of this.#streams) if (stream.isFollowing) this.#prove(stream);
    });
    void this.#tick();
  }

  /** Number of the last change. */
  get n(): number {
    return this.#n;
  }

  snapshot(): { readonly position: FeedPosition; readonly rows: Uint8Array } {
    const { denylist, freshness, logClock } = this.#options.replica;
    if (!freshness.everComplete) throw new FeedError('not_ready', 'the first synchronisation is not complete');
    const rows = inOrder(Buffer.concat([...denylist.snapshot().chunks()].map(bytesOfRows)));
    const head = formatPosition({ feed: this.feed, n: this.#n });
    const logMs = logClock.nowMs();
    const position = {
      epoch: this.#options.replica.status().epoch ?? '',
      head,
      cursor: head,
      healing: false,
      maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds,
      minReader: 1,
      logTime: logMs === undefined ? undefined : { logMs, monotonicMs: this.party.monotonicMs(), roundTripMs: 1 },
    };
    return { position, rows };
  }

  /** A connection of the present wire. The welcome tells the reader who it is. */
  join(reader: Party, hello: Hello): Stream {
    const { registry } = this.#options;
    const { id, secret } = registry.join(hello);
    const stream = new Stream(reader, id);
    this.#streams.add(stream);
    registry.opened(id);
    stream.push({ kind: 'welcome', secret });
    return stream;
  }

  report(stream: Stream, rows: readonly ReaderRow[]): void {
    const isKnown = stream.isOpen && this.#options.registry.report(stream.entryId, rows);
    if (!isKnown) throw new FeedError('closed', 'the server closed this connection');
  }

  /** `POST /v1/acks` of the old wire. */
  reportLegacy(name: string, rows: readonly ReaderRow[]): void {
    this.#options.registry.reportLegacy(name, rows);
  }

  /** `GET /v1/events` of the old wire. @throws FeedGap when the position is not of this feed, or too old. */
  openLegacy(reader: Party, name: string, cursor: string): Stream {
    const stream = new Stream(reader, name, true);
    this.#follow(stream, cursor);
    this.#streams.add(stream);
    this.#options.registry.opened(name);
    return stream;
  }

  /** Sends what came after `cursor`, and goes on. @throws FeedGap when the position is not of this feed, or too old. */
  resume(stream: Stream, cursor: string): void {
    if (!stream.isOpen) throw new FeedError('closed', 'the server closed this connection');
    this.#follow(stream, cursor);
  }

  /** The reader ends the connection. A cut link does not carry that. */
  hangUp(stream: Stream): void {
    stream.isHungUp = true;
    if (!this.#options.links.isCut(stream.reader.name) && !this.party.paused) this.close(stream);
  }

  close(stream: Stream): void {
    if (!this.#streams.delete(stream)) return;
    this.#options.registry.closed(stream.entryId);
    stream.end();
  }

  /** Streams of one reader, for faults on its connection. */
  streamsOf(reader: Party): readonly Stream[] {
    return [...this.#streams].filter((stream) => stream.reader === reader);
  }

  #follow(stream: Stream, cursor: string): void {
    const asked = parsePosition(cursor);
    const ours = asked?.feed === this.feed || this.#options.flaw === 'positions without feed';
    const behind = this.#n - (asked?.n ?? 0);
    const isHeld = asked !== undefined && behind >= 0 && behind <= this.#journal.length;
    if (!ours || !isHeld) throw new FeedGap('position_lost', 'another feed');
    stream.isFollowing = true;
    for (let n = asked.n + 1; n <= this.#n; n++) {
      stream.push({ kind: 'change', n, change: this.#journal.at(n - this.#n - 1)! });
    }
    this.#prove(stream);
  }

  /** Its own proof, while it is fresh, behind every change before it, to a reader that is known upstream. */
  #prove(stream: Stream): void {
    const { replica, registry, flaw } = this.#options;
    const { freshness } = replica;
    const naive = flaw === 'proof not handed on';
    const provenAtMs = naive ? this.party.monotonicMs() : freshness.provenAtMs;
    if (provenAtMs === undefined || !(naive || freshness.isFresh())) return;
    if (!registry.mayProve(stream.entryId)) return;
    // In one tick with the frame: no report upstream can come between.
    registry.proofHandedTo(stream.entryId);
    const frame: Frame = { kind: 'proof', provenAtMs, n: this.#n };
    if (flaw === 'proof overtakes changes') stream.frames.unshift(frame);
    else stream.push(frame);
    stream.wake();
  }

  async #tick(): Promise<void> {
    const { party, registry, links } = this.#options;
    const stoppedSinceMs = new Map<Stream, number>();
    while (party.alive) {
      await party.sleep(tickMs, party.death);
      const now = party.monotonicMs();
      for (const stream of this.#streams) {
        const { reader } = stream;
        if (!reader.paused) stoppedSinceMs.delete(stream);
        else if (!stoppedSinceMs.has(stream)) stoppedSinceMs.set(stream, now);
        const stoppedMs = now - (stoppedSinceMs.get(stream) ?? now);
        const isCut = links.silentMs(reader.name) >= halfOpenMs;
        // Packets on a link that is cut are gone; what a stopped process has received waits for it.
        if (isCut) stream.frames.length = 0;
        const isEnded = (stream.isHungUp || !reader.alive) && !links.isCut(reader.name);
        if (isEnded || isCut || stoppedMs >= halfOpenMs) this.close(stream);
      }
      for (const id of registry.forget()) {
        for (const stream of this.#streams) if (stream.entryId === id) this.close(stream);
      }
    }
    for (const stream of this.#streams) stream.end();
  }
}

/** A table places its rules by a secret of the process. A schedule must run the same each time. */
function inOrder(rows: Buffer): Buffer {
  const each = Array.from({ length: rows.length / rowBytes }, (_, n) =>
    rows.subarray(n * rowBytes, (n + 1) * rowBytes),
  );
  return Buffer.concat(each.sort(Buffer.compare));
}
