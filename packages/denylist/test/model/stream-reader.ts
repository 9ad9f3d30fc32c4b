import type { Random } from '../../src/clock.ts';
import { formatPosition, parsePosition } from '../../src/http/wire/wire.ts';
import { type FeedBatch, type FeedEntry, FeedError, FeedGap } from '../../src/log/feed.ts';
import type { Flaw } from './flaws.ts';
import type { Links } from './links.ts';
import type { Party } from './party.ts';
import type { Frame, SimServer, Stream } from './sim-server.ts';

const readTimeoutMs = 3000;
/** A server sends a ping this often. */
const pingMs = 1000;

export interface Network {
  readonly party: Party;
  readonly random: Random;
  readonly links: Links;
  readonly flaw: Flaw | undefined;
  /** The server that this reader is pointed at now. */
  readonly upstream: () => SimServer | undefined;
}

/** A request or a frame on its way up. @throws FeedError when it does not arrive. */
export async function deliver<T>(network: Network, server: SimServer, act: () => T): Promise<T> {
  await arrive(network, server);
  return act();
}

/** A request and its answer. */
export async function ask<T>(network: Network, server: SimServer, read: () => T): Promise<T> {
  const answer = await deliver(network, server, read);
  await arrive(network, server);
  return answer;
}

async function arrive(network: Network, server: SimServer): Promise<void> {
  const { party, random, links, upstream } = network;
  await party.sleep(Math.floor(random() * 10), party.death);
  if (links.isCut(party.name) || server.party.paused) {
    await party.sleep(readTimeoutMs, party.death);
    throw new FeedError('timeout', 'the server fell silent');
  }
  if (server !== upstream() || !server.party.alive || !party.alive) throw new FeedError('closed', 'the server is gone');
}

interface StreamReaderOptions {
  readonly stream: Stream;
  readonly isLegacy?: boolean;
}

/** The reader's end of a stream. */
export class StreamReader {
  readonly #network: Network;
  readonly #server: SimServer;
  readonly #stream: Stream;
  /** A proof of the old wire does not name the change up to which it speaks. */
  readonly #checksHead: boolean;

  constructor(network: Network, server: SimServer, { stream, isLegacy = false }: StreamReaderOptions) {
    this.#network = network;
    this.#server = server;
    this.#stream = stream;
    const { flaw } = network;
    this.#checksHead = !isLegacy && flaw !== 'proof without head' && flaw !== 'proof overtakes changes';
  }

  /** What one read of the socket returns; nothing where it is a ping. @throws FeedError when the connection is lost. */
  async read(): Promise<readonly Frame[]> {
    const { party, random, links, upstream } = this.#network;
    const { frames } = this.#stream;
    let heardAtMs = party.monotonicMs();
    for (let asleepMs = 0; ; ) {
      if (!party.alive || this.#server !== upstream()) throw new FeedError('closed', 'pointed elsewhere');
      const isCut = links.isCut(party.name);
      if (!isCut && frames.length > 0) break;
      if (!isCut && !(this.#stream.isOpen && this.#server.party.alive))
        throw new FeedError('closed', 'connection lost');
      if (!isCut && !this.#server.party.paused) {
        heardAtMs = party.monotonicMs();
        if (asleepMs >= pingMs) return [];
      }
      if (party.monotonicMs() - heardAtMs >= readTimeoutMs) throw new FeedError('timeout', 'the server fell silent');
      const { over, wake } = party.nap(pingMs);
      this.#stream.wake = wake;
      const sleepsAtMs = party.monotonicMs();
      await over;
      asleepMs = party.monotonicMs() - sleepsAtMs;
    }
    // A read may end anywhere between two frames.
    const whole = random() < 0.5;
    const read = frames.splice(0, whole ? frames.length : 1 + Math.floor(random() * frames.length));
    await party.sleep(Math.floor(random() * 10), party.death);
    return read;
  }

  async readWelcome(): Promise<Frame & { kind: 'welcome' }> {
    for (;;) {
      const [frame] = await this.read();
      if (frame?.kind === 'welcome') return frame;
      if (frame !== undefined) throw new FeedError('protocol', 'the first frame must be the welcome');
    }
  }

  /**
   * Batches from `cursor` on. The changes of one read come before its proof is believed, and the proof counts only for
   * the change that it names.
   */
  async *follow(cursor: string): AsyncIterable<FeedBatch> {
    let n = parsePosition(cursor)?.n ?? 0;
    for (;;) {
      const entries: FeedEntry[] = [];
      let provenAtMs: number | undefined;
      for (const frame of await this.read()) {
        if (frame.kind === 'change') {
          n = frame.n;
          entries.push(this.#entry(frame));
        }
        if (frame.kind !== 'proof') continue;
        const isBehind = frame.n !== n && this.#checksHead;
        if (isBehind) throw new FeedGap('chain', 'a proof speaks of changes that did not arrive');
        provenAtMs = Math.max(frame.provenAtMs, provenAtMs ?? frame.provenAtMs);
      }
      yield { entries, provenAtMs };
    }
  }

  #entry({ n, change }: Frame & { kind: 'change' }): FeedEntry {
    const { feed } = this.#server;
    const head = formatPosition({ feed, n });
    return { prev: formatPosition({ feed, n: n - 1 }), head, cursor: head, change };
  }
}
