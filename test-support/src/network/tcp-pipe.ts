import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** `up`: from the connecting party to the target. `down`: back to it. */
export type Direction = 'up' | 'down';

/** What is done to every connection of a proxy, present and future. */
export interface Conditions {
  delayMs: number;
  stalled: boolean;
  blackholed: boolean;
  /** Undefined: pieces as they came. */
  pieceBytes: number | undefined;
}

export interface ByteWatch {
  pattern: Buffer;
  direction: Direction;
  /** Called before the bytes that complete the pattern are delivered. */
  seen(): void;
}

interface PipeSurroundings {
  conditions: Readonly<Conditions>;
  watches: ReadonlySet<ByteWatch>;
  direction: Direction;
  received(bytes: number): void;
}

/** Undefined bytes are the FIN. */
interface Parcel {
  bytes: Buffer | undefined;
  dueAtMs: number;
}

// Like a TCP window: a sender that outruns the receiver (or the delay) is stopped, not buffered without end.
const windowBytes = 1024 * 1024;
const rememberedBytes = 1024;

/** One direction of a proxied connection: reads from one socket, delivers to the other under the given conditions. */
export class TcpPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #surroundings: PipeSurroundings;
  readonly #parcels: Parcel[] = [];
  #queuedBytes = 0;
  #delivering = false;
  #lossy = false;
  /** The last bytes seen, so that a pattern cut by a packet boundary is found. */
  #tail = Buffer.alloc(0);

  constructor(from: Socket, to: Socket, surroundings: PipeSurroundings) {
    this.#from = from;
    this.#to = to;
    this.#surroundings = surroundings;
    from.on('data', (bytes) => this.#receive(bytes));
    from.on('end', () => this.#enqueue(undefined));
    this.update();
  }

  /** Whether something was swallowed, so that the stream has a hole. */
  get lossy(): boolean {
    return this.#lossy;
  }

  /** To be called when the conditions have changed. */
  update(): void {
    const { stalled } = this.#surroundings.conditions;
    if (stalled || this.#queuedBytes > windowBytes) this.#from.pause();
    else this.#from.resume();
    void this.#deliver();
  }

  /** FIN to the receiver, ahead of what is still queued. */
  finish(): void {
    this.#to.end();
  }

  #receive(bytes: Buffer): void {
    this.#surroundings.received(bytes.length);
    this.#reportPatterns(bytes);
    this.#enqueue(bytes);
  }

  #enqueue(bytes: Buffer | undefined): void {
    const { blackholed, delayMs } = this.#surroundings.conditions;
    if (blackholed) {
      this.#lossy = true;
      return;
    }
    this.#queuedBytes += bytes?.length ?? 0;
    this.#parcels.push({ bytes, dueAtMs: performance.now() + delayMs });
    this.update();
  }

  #reportPatterns(bytes: Buffer): void {
    const { watches, direction } = this.#surroundings;
    const joined = Buffer.concat([this.#tail, bytes]);
    for (const watch of [...watches]) {
      if (watch.direction !== direction) continue;
      // Not from 0: what passed as a whole before the watch began must not count.
      const start = Math.max(0, this.#tail.length - watch.pattern.length + 1);
      if (joined.indexOf(watch.pattern, start) !== -1) watch.seen();
    }
    this.#tail = joined.subarray(Math.max(0, joined.length - rememberedBytes));
  }

  async #deliver(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    const { conditions } = this.#surroundings;
    while (!conditions.stalled && !this.#to.destroyed) {
      const parcel = this.#parcels[0];
      if (parcel === undefined) break;
      const earlyMs = parcel.dueAtMs - performance.now();
      if (earlyMs > 0) {
        await sleep(earlyMs);
        continue; // the conditions may have changed meanwhile
      }
      this.#parcels.shift();
      if (conditions.blackholed) this.#lossy = true;
      else if (parcel.bytes === undefined) this.#to.end();
      else await this.#write(parcel.bytes, parcel.dueAtMs);
    }
    this.#delivering = false;
  }

  /** Writes the first piece and puts the rest back, so that every piece meets the conditions of its moment. */
  async #write(bytes: Buffer, dueAtMs: number): Promise<void> {
    const { pieceBytes = bytes.length } = this.#surroundings.conditions;
    const piece = bytes.subarray(0, pieceBytes);
    const rest = bytes.subarray(pieceBytes);
    if (rest.length > 0) this.#parcels.unshift({ bytes: rest, dueAtMs });
    await new Promise<void>((resolve) => this.#to.write(piece, () => resolve()));
    this.#queuedBytes -= piece.length;
    if (rest.length > 0) await letReceiverRead();
    if (!this.#surroundings.conditions.stalled && this.#queuedBytes <= windowBytes) this.#from.resume();
  }
}

/** Two turns: the first may end before sockets are polled again, and the next piece would join the one just written. */
async function letReceiverRead(): Promise<void> {
  await nextTurn();
  await nextTurn();
}
