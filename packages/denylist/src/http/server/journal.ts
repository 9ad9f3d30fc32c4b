import { encodeRuleEvent } from '../../codec/event.ts';
import type { Change } from '../../rules/event.ts';
import { formatPosition, streamEvents } from '../wire/wire.ts';

/**
 * The recent past of a denylist, numbered: every change gets the next `n`, whatever its cause (tail, snapshot, lift,
 * re-seed). Readers resume from it; one that was away longer takes a snapshot.
 */
export class Journal {
  /** Random for every start, so that a position of another life is recognised. */
  readonly feed: string;
  readonly #frames: (string | undefined)[];
  #n = 0;

  /** @param capacity changes kept. */
  constructor(feed: string, capacity: number) {
    this.feed = feed;
    this.#frames = new Array<string | undefined>(capacity);
  }

  /** Number of the last change. */
  get n(): number {
    return this.#n;
  }

  /** @returns the change as a frame of the event stream. */
  record(change: Change): string {
    this.#n += 1;
    const id = formatPosition({ feed: this.feed, n: this.#n });
    const frame = `id: ${id}\nevent: ${streamEvents.rule}\ndata: ${encodeRuleEvent(this.#n, change)}\n\n`;
    this.#frames[this.#n % this.#frames.length] = frame;
    return frame;
  }

  /** The frames after `n`, or undefined when they are no longer all there. */
  since(n: number): string[] | undefined {
    if (n > this.#n || this.#n - n > this.#frames.length) return undefined;
    const frames: string[] = [];
    for (let next = n + 1; next <= this.#n; next++) {
      const frame = this.#frames[next % this.#frames.length];
      if (frame === undefined) return undefined;
      frames.push(frame);
    }
    return frames;
  }
}
