import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { encodeRuleEvent } from '../../codec/event.ts';
import type { EncodedChanges } from '../wire/frames/changes.ts';
import { decodeDown } from '../wire/frames/down.ts';
import {
  encodeProof,
  formatPosition,
  keepAliveMs,
  parsePosition,
  paths,
  readerHeader,
  streamEvents,
} from '../wire/wire.ts';
import { answer } from './answer.ts';
import { EventStream } from './event-stream.ts';
import type { NumberedFeed } from './numbered-feed.ts';
import type { OwnProofs } from './own-proof.ts';
import type { ReaderEntry } from './readers/reader-entry.ts';
import type { Readers } from './readers/readers.ts';
import { receiveReport } from './receive-report.ts';

export interface LastReleaseOptions {
  readonly clock: Clock;
  readonly feed: NumberedFeed;
  readonly readers: Readers;
  readonly proofs: Pick<OwnProofs, 'current'>;
  readonly maxBufferedBytes: number;
  readonly bootId: string;
}

/**
 * The wire of the last release: server-sent events down, one POST a report up. Readers name themselves there, so what
 * they report counts only under the limits of {@link Readers.reportByName}.
 */
export class LastReleaseServer {
  readonly #options: LastReleaseOptions;
  readonly #stream: EventStream<ReaderEntry | undefined>;
  readonly #stop = new AbortController();
  readonly #stopListening: () => void;
  #isKeepingAlive = false;
  /** Number of the last change that was sent to every stream. */
  #sent: number;

  constructor(options: LastReleaseOptions) {
    this.#options = options;
    this.#stream = new EventStream(options.maxBufferedBytes);
    this.#sent = options.feed.journal.n;
    this.#stopListening = options.feed.onJournal(() => this.#sendChanges());
  }

  get size(): number {
    return this.#stream.size;
  }

  get cut(): number {
    return this.#stream.cut;
  }

  /** Answers the two paths of the last release; false for any other. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url?.split('?', 1)[0];
    if (path === paths.acks && request.method === 'POST') {
      void receiveReport(request, response, this.#options.readers);
    } else if (path === paths.events && request.method === 'GET') this.#serveEvents(request, response);
    else return false;
    return true;
  }

  /** A proof is there. */
  prove(): void {
    if (this.#stream.size === 0) return;
    this.#options.feed.flush();
    this.#sendChanges();
    const frame = this.#proofFrame();
    if (frame !== undefined) this.#stream.send(frame, (entry) => this.#mayProve(entry));
  }

  sayGoodbye(): void {
    this.#stream.end(`event: ${streamEvents.goodbye}\ndata: 1\n\n`);
  }

  close(): void {
    this.#stop.abort();
    this.#stopListening();
    this.#stream.end('');
  }

  #serveEvents(request: IncomingMessage, response: ServerResponse): void {
    const { feed, readers } = this.#options;
    const asked = request.headers['last-event-id'];
    const from = typeof asked === 'string' ? parsePosition(asked) : undefined;
    const isNumbering = feed.isNumbering();
    feed.flush();
    this.#sendChanges();
    if (!isNumbering || from?.feed !== feed.id || !feed.journal.covers(from.n)) {
      answer(response, 410, {
        error: 'position_lost',
        message: `take ${paths.snapshot}, then resume from its position`,
      });
      return;
    }
    let backlog = '';
    for (let n = from.n; ; ) {
      const frame = feed.journal.after(n);
      if (frame === undefined) break;
      backlog += eventsOf(feed.id, frame, n);
      n = frame.last;
    }
    const connection = { replaced: () => response.destroy(), expired: () => {} };
    const entry = readers.openedByName(nameOf(request), connection);
    if (entry !== undefined) response.on('close', () => readers.disconnected(entry, connection));
    const proof = this.#mayProve(entry) ? this.#proofFrame() : undefined;
    this.#stream.add(response, entry, backlog + (proof ?? ''));
    if (!this.#isKeepingAlive) void this.#keepAlive();
  }

  #sendChanges(): void {
    const { id, journal } = this.#options.feed;
    while (this.#sent < journal.n) {
      const frame = journal.after(this.#sent);
      if (frame === undefined) {
        // The streams lack what is lost. Their readers come back, and are answered that their position is lost.
        this.#stream.end('');
        this.#sent = journal.n;
        return;
      }
      if (this.#stream.size > 0) this.#stream.send(eventsOf(id, frame, this.#sent));
      this.#sent = frame.last;
    }
  }

  #mayProve(entry: ReaderEntry | undefined): boolean {
    const { readers } = this.#options;
    if (entry === undefined || !readers.mayProve(entry)) return false;
    readers.proofSent(entry);
    return true;
  }

  #proofFrame(): string | undefined {
    const proof = this.#options.proofs.current();
    if (proof === undefined) return undefined;
    return `event: ${streamEvents.proof}\ndata: ${encodeProof({ ...proof, bootId: this.#options.bootId })}\n\n`;
  }

  /** As long as there is a stream. */
  async #keepAlive(): Promise<void> {
    this.#isKeepingAlive = true;
    while (this.#stream.size > 0 && !this.#stop.signal.aborted) {
      await this.#options.clock.sleep(keepAliveMs, this.#stop.signal);
      this.#stream.send(': quiet\n\n');
    }
    this.#isKeepingAlive = false;
  }
}

/** The name that a reader of the last release sends with a request; undefined for one that is no name of ours. */
export function nameOf(request: IncomingMessage): string | undefined {
  const name = request.headers[readerHeader];
  return typeof name === 'string' && name.length <= 64 ? name : undefined;
}

/** The changes of a frame after `n`, as events. */
function eventsOf(feed: string, { frame }: EncodedChanges, after: number): string {
  const decoded = decodeDown(frame);
  if (decoded.kind !== 'changes') return '';
  let text = '';
  for (const [index, change] of decoded.changes.entries()) {
    const n = decoded.first + index;
    if (n <= after) continue;
    text += `id: ${formatPosition({ feed, n })}\nevent: ${streamEvents.rule}\ndata: ${encodeRuleEvent(n, change)}\n\n`;
  }
  return text;
}
