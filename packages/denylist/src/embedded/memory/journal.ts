import type { Clock } from '../../clock.ts';
import { type FeedEntry, FeedGap } from '../../log/feed.ts';
import type { Change } from '../../rules/event.ts';
import type { StoredEntry } from './log-state.ts';

/** A waiting reader continues at least this often, so that it gets a proof without a change. */
const beatMs = 500;

/** The latest entries of an embedded log, for readers that follow it or resume. Entry n has the head `epoch.n`. */
export class Journal {
  readonly epoch: string;
  readonly #maxEntries: number;
  readonly #entries: FeedEntry[] = [];
  readonly #waiting = new Set<() => void>();
  /** Number of the newest entry. */
  #seq: number;

  constructor(epoch: string, seq: number, maxEntries: number) {
    this.epoch = epoch;
    this.#seq = seq;
    this.#maxEntries = maxEntries;
  }

  get seq(): number {
    return this.#seq;
  }

  headAt(seq: number): string {
    return `${this.epoch}.${seq}`;
  }

  /** Adds entries and wakes every reader that waits. */
  add(entries: readonly StoredEntry[]): void {
    for (const { seq, change } of entries) {
      this.#seq = seq;
      this.#entries.push({ prev: this.headAt(seq - 1), head: this.headAt(seq), cursor: String(seq), change });
      if (this.#entries.length > this.#maxEntries) this.#entries.shift();
    }
    for (const wake of this.#waiting) wake();
  }

  /** The entries after entry `seq`. @throws FeedGap when one of them is no longer kept. */
  after(seq: number): FeedEntry[] {
    const missing = this.#seq - seq;
    if (missing < 0 || missing > this.#entries.length) {
      throw new FeedGap('position_lost', 'the embedded log no longer has the entries after this position');
    }
    return this.#entries.slice(this.#entries.length - missing);
  }

  /** The change of entry `seq`; undefined when it is no longer kept. */
  changeAt(seq: number): Change | undefined {
    return this.#entries[this.#entries.length - 1 - (this.#seq - seq)]?.change;
  }

  /** Resolves at the next entry, at the end of the connection, or after half a second. */
  async nextEntry(clock: Clock, ended: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#waiting.add(wake);
    ended.addEventListener('abort', wake, { once: true });
    await clock.sleep(beatMs, woken.signal);
    ended.removeEventListener('abort', wake);
    this.#waiting.delete(wake);
  }
}
