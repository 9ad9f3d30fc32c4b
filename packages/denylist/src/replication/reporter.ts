import type { Clock } from '../clock.ts';
import type { FeedPosition, LogTimeSample } from '../log/feed.ts';
import { type Reader, reportMs } from '../log/reader.ts';

/** Sends one report; rejects when it did not arrive. Resolves to the log's time, where the answer tells it. */
export type SendReport = (reader: Reader, position: FeedPosition | undefined) => Promise<LogTimeSample | undefined>;

/**
 * Milliseconds between a change and its report: those on this host that have yet to apply it come first, and a burst is
 * one report.
 */
const settleMs = 2;
/** Milliseconds between two reports: a log with thousands of readers must not drown in how far they are. */
const restMs = 20;

/**
 * Tells the other side of a feed how far a reader is: soon after every change, with a rest after each report, and once a
 * second when nothing changes. It knows how old the last report that arrived is.
 */
export class Reporter {
  readonly #clock: Clock;
  readonly #reader: Reader;
  readonly #send: SendReport;
  readonly #stopListening: (() => void) | undefined;
  #position: FeedPosition | undefined;
  #sending = false;
  #again = false;
  #closed = false;
  #arrivedAtMs = Number.NEGATIVE_INFINITY;
  #logTime: LogTimeSample | undefined;

  constructor(clock: Clock, reader: Reader, send: SendReport) {
    this.#clock = clock;
    this.#reader = reader;
    this.#send = send;
    this.#stopListening = reader.onProgress?.(() => this.#report());
  }

  /** Monotonic milliseconds at which the last report that arrived was sent. */
  get arrivedAtMs(): number {
    return this.#arrivedAtMs;
  }

  /** Before the first snapshot: the reader is known before it can be fresh. @throws what the report failed with. */
  async join(): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    this.#logTime = await this.#send(this.#reader, this.#position);
    this.#arrivedAtMs = sentAtMs;
  }

  /** The log's time as the last report learnt it, once. */
  takeLogTime(): LogTimeSample | undefined {
    const sample = this.#logTime;
    this.#logTime = undefined;
    return sample;
  }

  /** Everything up to `position` is applied. Cheap: called after every batch. */
  reached(position: FeedPosition): void {
    const moved = position.cursor !== this.#position?.cursor;
    this.#position = position;
    if (moved || this.#clock.monotonicMs() - this.#arrivedAtMs >= reportMs) this.#report();
  }

  close(): void {
    this.#closed = true;
    this.#stopListening?.();
  }

  #report(): void {
    this.#again = true;
    if (!this.#sending) void this.#sendUntilCurrent();
  }

  async #sendUntilCurrent(): Promise<void> {
    this.#sending = true;
    while (this.#again) {
      await this.#clock.sleep(settleMs);
      if (this.#closed) break;
      this.#again = false;
      const sentAtMs = this.#clock.monotonicMs();
      try {
        this.#logTime = await this.#send(this.#reader, this.#position);
        this.#arrivedAtMs = sentAtMs;
      } catch {
        // Not repeated at once: the next batch reports again, and meanwhile the missing report withholds the proof.
        break;
      }
      await this.#clock.sleep(restMs);
    }
    this.#sending = false;
  }
}
