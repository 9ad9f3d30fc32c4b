import type { Replica } from '../../replication/open-replica.ts';
import type { Change } from '../../rules/event.ts';
import { ChangesWriter } from '../wire/frames/changes.ts';
import { Journal } from './journal.ts';

/** A frame of changes is sent at this length at the latest, so that no reader waits long for one. */
const fullFrameBytes = 60 * 1024;

export interface NumberedFeedOptions {
  readonly replica: Pick<Replica, 'denylist' | 'freshness' | 'logClock'>;
  /** 16 hex digits: names this life of this sidecar. */
  readonly id: string;
  /** Changes kept for readers that resume. */
  readonly journalEntries: number;
}

/**
 * The log of a sidecar's denylist: every change gets the next number, whatever its cause (tail, snapshot, lift, re-seed).
 * The changes of one tick are one frame.
 */
export class NumberedFeed {
  readonly id: string;
  readonly journal: Journal;
  readonly #replica: NumberedFeedOptions['replica'];
  #writer = new ChangesWriter();
  readonly #listeners = new Set<() => void>();
  #n = 0;
  #stopChanges: (() => void) | undefined;

  constructor({ replica, id, journalEntries }: NumberedFeedOptions) {
    this.#replica = replica;
    this.id = id;
    this.journal = new Journal(journalEntries);
  }

  /** Number of the last change, whether it was sent or not. */
  get n(): number {
    return this.#n;
  }

  /**
   * Whether changes have numbers, which begin with the first question after the first complete synchronisation: before that
   * no reader holds a position, and the first snapshot of a million rules would be a million changes for nothing.
   */
  isNumbering(): boolean {
    const { denylist, freshness } = this.#replica;
    if (freshness.everComplete) this.#stopChanges ??= denylist.onChange((change) => this.#record(change));
    return this.#stopChanges !== undefined;
  }

  /** Whether the journal has every change that has a number, or readers that lack one cannot continue from it. */
  get isWhole(): boolean {
    return this.journal.n === this.#n;
  }

  /** Calls `listener` whenever the journal has a new frame of changes, or a hole. */
  onJournal(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends the changes of this tick now instead of at its end. */
  flush(): void {
    if (this.isWhole) return;
    const frame = this.#writer.take();
    if (frame === undefined) this.journal.skipTo(this.#n);
    else this.journal.add(frame);
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    this.#stopChanges?.();
  }

  #record(change: Change): void {
    if (this.isWhole) queueMicrotask(() => this.flush());
    // First, so that a change that cannot be written leaves a hole, and not a feed that seems to lack nothing.
    this.#n += 1;
    try {
      this.#writer.add(this.#n, this.#stamped(change));
    } catch (error) {
      this.#writer = new ChangesWriter();
      throw error;
    }
    if (this.#writer.length >= fullFrameBytes) this.flush();
  }

  /** Only the first process on the way stamps the receipt; a relay leaves the stamp of its source. */
  #stamped(change: Change): Change {
    if (change.loggedAtMs === undefined || change.receivedAtMs !== undefined) return change;
    const receivedAtMs = this.#replica.logClock.nowMs();
    return receivedAtMs === undefined ? change : { ...change, receivedAtMs: Math.round(receivedAtMs) };
  }
}
