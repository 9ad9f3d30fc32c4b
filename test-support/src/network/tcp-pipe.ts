import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** `up`: from the client to the target. `down`: from the target to the client. */
export type Direction = 'up' | 'down';

/** Conditions of all present and future connections of a proxy. */
export interface Conditions {
  delayMs: Readonly<Record<Direction, number>>;
  stalled: boolean;
  /** The direction whose bytes are discarded. */
  blackholed: Direction | 'both' | undefined;
  /** Maximum size of a piece. Undefined: pieces as received. */
  pieceBytes: number | undefined;
}

export function drops({ blackholed }: Readonly<Conditions>, direction: Direction): boolean {
  return blackholed === 'both' || blackholed === direction;
}

export interface ByteWatch {
  pattern: Buffer;
  direction: Direction;
  /** Called before the bytes that complete the pattern are delivered. */
  seen(): void;
}

interface PipeOptions {
  conditions: Readonly<Conditions>;
  watches: ReadonlySet<ByteWatch>;
  direction: Direction;
  received(bytes: number): void;
}

/** A queued piece. Undefined bytes stand for the FIN. */
interface Piece {
  bytes: Buffer | undefined;
  dueAtMs: number;
}

// Limits the buffer, as a TCP window does: a sender that is faster than the receiver or the delay is paused.
const windowBytes = 1024 * 1024;
const rememberedBytes = 1024;

/** One direction of a proxied connection: reads from one socket, and writes to the other under the given conditions. */
export class TcpPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #options: PipeOptions;
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #delivering = false;
  #lossy = false;
  /** The last received bytes, so that a pattern across two packets is found. */
  #tail = Buffer.alloc(0);

  constructor(from: Socket, to: Socket, options: PipeOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    from.on('data', (bytes) => this.#receive(bytes));
    from.on('end', () => this.#enqueue(undefined));
    this.update();
  }

  /** Whether bytes were discarded, so that the stream is incomplete. */
  get lossy(): boolean {
    return this.#lossy;
  }

  /** Must be called after a change of the conditions. */
  update(): void {
    const { stalled } = this.#options.conditions;
    if (stalled || this.#queuedBytes > windowBytes) this.#from.pause();
    else this.#from.resume();
    void this.#deliver();
  }

  /** Sends a FIN to the receiver, before the queued bytes. */
  finish(): void {
    this.#to.end();
  }

  #receive(bytes: Buffer): void {
    this.#options.received(bytes.length);
    this.#reportPatterns(bytes);
    this.#enqueue(bytes);
  }

  #enqueue(bytes: Buffer | undefined): void {
    const { conditions, direction } = this.#options;
    if (drops(conditions, direction)) {
      this.#lossy = true;
      return;
    }
    this.#queuedBytes += bytes?.length ?? 0;
    this.#queue.push({ bytes, dueAtMs: performance.now() + conditions.delayMs[direction] });
    this.update();
  }

  #reportPatterns(bytes: Buffer): void {
    const { watches, direction } = this.#options;
    const joined = Buffer.concat([this.#tail, bytes]);
    for (const watch of [...watches]) {
      if (watch.direction !== direction) continue;
      // Not from 0: a pattern that passed completely before the watch began must not count.
      const start = Math.max(0, this.#tail.length - watch.pattern.length + 1);
      if (joined.indexOf(watch.pattern, start) !== -1) watch.seen();
    }
    this.#tail = joined.subarray(Math.max(0, joined.length - rememberedBytes));
  }

  async #deliver(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    const { conditions, direction } = this.#options;
    while (!conditions.stalled && !this.#to.destroyed) {
      const piece = this.#queue[0];
      if (piece === undefined) break;
      const earlyMs = piece.dueAtMs - performance.now();
      if (earlyMs > 0) {
        await sleep(earlyMs);
        continue; // the conditions can have changed during the sleep
      }
      this.#queue.shift();
      if (drops(conditions, direction)) this.#lossy = true;
      else if (piece.bytes === undefined) this.#to.end();
      else await this.#write(piece.bytes, piece.dueAtMs);
    }
    this.#delivering = false;
  }

  /** Writes the first `pieceBytes` and puts the rest back, so that the rest is subject to later conditions. */
  async #write(bytes: Buffer, dueAtMs: number): Promise<void> {
    const { pieceBytes = bytes.length } = this.#options.conditions;
    const piece = bytes.subarray(0, pieceBytes);
    const rest = bytes.subarray(pieceBytes);
    if (rest.length > 0) this.#queue.unshift({ bytes: rest, dueAtMs });
    await new Promise<void>((resolve) => this.#to.write(piece, () => resolve()));
    this.#queuedBytes -= piece.length;
    if (rest.length > 0) await letReceiverRead();
    if (!this.#options.conditions.stalled && this.#queuedBytes <= windowBytes) this.#from.resume();
  }
}

/** Waits two turns: one turn can end before sockets are polled, and the next piece would join the one just written. */
async function letReceiverRead(): Promise<void> {
  await nextTurn();
  await nextTurn();
}
