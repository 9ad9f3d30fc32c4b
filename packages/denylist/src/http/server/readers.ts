import type { Clock } from '../../clock.ts';
import type { FeedPosition } from '../../log/feed.ts';
import { type Reader, type ReplicaProgress, reportLifetimeMs, silenceLimitMs } from '../../log/reader.ts';
import { parsePosition } from '../wire/wire.ts';

interface ReportedReader {
  readonly atMs: number;
  readonly replicas: readonly ReplicaProgress[];
}

/** Readers remembered; anybody on this host may report, so the number is bounded. */
const maxReaders = 10_000;
/** Positions of the source remembered, to translate what readers have reached: a few seconds of changes. */
const maxMarks = 4096;

/**
 * Who reads a sidecar and how far each replica is. Upstream the sidecar is itself a reader, and this is what it reports:
 * the same replicas, in the positions of its source.
 */
export class Readers implements Reader {
  /** Names this sidecar as a reader and its feed: new with every start. */
  readonly id: string;
  readonly #clock: Clock;
  readonly #readers = new Map<string, ReportedReader>();
  readonly #marks: { readonly n: number; readonly position: FeedPosition }[] = [];
  readonly #listeners = new Set<(reader: string) => void>();

  /** @param id 16 hex digits, random. */
  constructor(clock: Clock, id: string) {
    this.#clock = clock;
    this.id = id;
  }

  /** @returns false when there are too many readers to remember another one. */
  report(reader: string, replicas: readonly ReplicaProgress[]): boolean {
    if (!this.#readers.has(reader) && this.#readers.size >= maxReaders) return false;
    this.#readers.set(reader, { atMs: this.#clock.monotonicMs(), replicas });
    for (const listener of this.#listeners) listener(reader);
    return true;
  }

  /** A reader that has not reported lately is given no proof: nobody would wait for it. */
  mayBeFresh(reader: string | undefined): boolean {
    const reported = reader === undefined ? undefined : this.#readers.get(reader);
    return reported !== undefined && this.#clock.monotonicMs() - reported.atMs <= reportLifetimeMs;
  }

  /** All changes up to `n` are those of the source up to `position`. */
  mark(n: number, position: FeedPosition): void {
    const last = this.#marks.at(-1);
    // Heartbeats move the source and not `n`; the newest position of the same `n` says most.
    if (last?.n === n) this.#marks.pop();
    this.#marks.push({ n, position });
    if (this.#marks.length > maxMarks) this.#marks.shift();
  }

  /** Every replica that may still be fresh, with what it has applied in terms of the source. */
  progress(): ReplicaProgress[] {
    const now = this.#clock.monotonicMs();
    const replicas: ReplicaProgress[] = [];
    for (const [id, reader] of this.#readers) {
      const silentMs = now - reader.atMs;
      const remaining = reader.replicas.filter((replica) => replica.failOpen || silentMs <= silenceLimitMs(replica));
      // A relay with nobody behind it yet speaks for nobody, and still reads: only its silence ends that.
      const isForgotten = remaining.length === 0 && silentMs > reportLifetimeMs;
      // A fail-open replica accepts however long it is silent; for a day it is remembered.
      if (isForgotten || silentMs > 86_400_000) this.#readers.delete(id);
      for (const { cursor, ...replica } of remaining) {
        const reached = cursor === undefined ? undefined : this.#sourceCursor(cursor);
        replicas.push(reached === undefined ? replica : { ...replica, cursor: reached });
      }
    }
    return replicas;
  }

  onProgress(listener: (reader: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Number of the change that the last of its replicas has applied; undefined while none has synchronised. */
  reached(reader: string | undefined): number | undefined {
    const { replicas = [] } = (reader === undefined ? undefined : this.#readers.get(reader)) ?? {};
    const numbers = replicas.flatMap(({ cursor }) => (cursor === undefined ? undefined : this.#numberAt(cursor)) ?? []);
    return numbers.length === 0 ? undefined : Math.min(...numbers);
  }

  #sourceCursor(cursor: string): string | undefined {
    const n = this.#numberAt(cursor);
    if (n === undefined) return undefined;
    for (let index = this.#marks.length - 1; index >= 0; index--) {
      const mark = this.#marks[index];
      if (mark !== undefined && mark.n <= n) return mark.position.cursor;
    }
    return undefined;
  }

  /** A position of another life of this feed says nothing here. */
  #numberAt(cursor: string): number | undefined {
    const at = parsePosition(cursor);
    return at?.feed === this.id ? at.n : undefined;
  }
}
