import type { Clock } from '../clock.ts';
import type { FeedPosition, LogTimeSample } from '../log/feed.ts';
import { type Reader, reportLifetimeMs, reportMs } from '../log/reader.ts';

/** Sends one report; rejects when it did not arrive. Resolves to the log's time where the response contains it. */
export type SendReport = (reader: Reader, position: FeedPosition | undefined) => Promise<LogTimeSample | undefined>;

/**
 * Milliseconds between a change and its report, so that other processes of this host apply the change first, and a burst
 * of changes becomes one report.
 */
const settleMs = 2;
/**
 * A report that nothing but time makes due may come so much earlier: it is sent at a heartbeat, of which there are two a
 * second, and the first one after a whole second may come half a second later.
 */
const earlyMs = 250;
/** Least milliseconds between two reports, so that thousands of readers do not overload the log. */
const restMs = 20;
/**
 * While changes come faster than reports, each pause is twice as long as the one before, up to this: a report costs the
 * reader and its sidecar as much as a change does. A new replica does not wait for it.
 */
const busyRestMs = 160;
/**
 * After such a pause a report leaves with the next change, because a timer would wake the process once more. It waits for one
 * at most until the pause is so many times as long.
 */
const waitFactor = 1.25;
/** The pause after a report is so many times as long as the report took: a long one must not follow upon a long one. */
const restFactor = 10;
/** At most, so that a report is never too late for a proof: less while reports are answered late. */
const mostRestMs = 500;

/**
 * Reports the position of a reader to its feed: soon after every change, and once a second when nothing changes. The age
 * of the last report that arrived decides whether the feed gives proofs.
 */
export class Reporter {
  readonly #clock: Clock;
  readonly #reader: Reader;
  readonly #send: SendReport;
  readonly #stopListening: (() => void) | undefined;
  #position: FeedPosition | undefined;
  #isSending = false;
  #isDue = false;
  #closed = false;
  /** Of the reader, when the last report was sent. */
  #sentRevision: number | undefined;
  /** Ends a longer rest. One for many rests: it is made anew only after it was used. */
  #busyRest = new AbortController();
  /** Monotonic milliseconds from which on a change ends the longer rest. */
  #restsUntilMs = Number.POSITIVE_INFINITY;
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

  /** Sends the first report, before the first snapshot: the reader is known before it can be fresh. Rejects with `send`. */
  async join(): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    this.#sentRevision = this.#reader.revision;
    this.#logTime = await this.#send(this.#reader, this.#position);
    this.#arrivedAtMs = sentAtMs;
  }

  /** The log's time from the last report; undefined when it was taken before. */
  takeLogTime(): LogTimeSample | undefined {
    const sample = this.#logTime;
    this.#logTime = undefined;
    return sample;
  }

  /**
   * Everything up to `position` is applied. Cheap: called after every batch.
   *
   * @param hasChanges whether a change is new at it; default: the cursor has moved. Heartbeats in the log move it, too, and no
   *        publisher waits for them.
   */
  reached(position: FeedPosition, hasChanges = position.cursor !== this.#position?.cursor): void {
    const isFirst = this.#position === undefined;
    this.#position = position;
    if (hasChanges || isFirst) this.#report();
    else this.tick();
  }

  /**
   * Reports when the last report is old: a reader that loads a large snapshot is alive and moves nothing. At once, because it
   * is called at a heartbeat, and another timer would wake an idle process twice.
   */
  tick(): void {
    if (this.#isSending || this.#closed) return;
    if (this.#clock.monotonicMs() - this.#arrivedAtMs >= reportMs - earlyMs) void this.#sendOnce();
  }

  close(): void {
    this.#closed = true;
    this.#busyRest.abort('closed');
    this.#stopListening?.();
  }

  #report(): void {
    this.#isDue = true;
    if (!this.#isSending) void this.#sendUntilCurrent();
    else if (this.#namesNewReplicas()) this.#busyRest.abort('a new replica');
    else if (this.#clock.monotonicMs() >= this.#restsUntilMs) this.#busyRest.abort('a change');
  }

  async #sendOnce(): Promise<void> {
    this.#isSending = true;
    // A failure is not repeated here: the next batch reports again.
    await this.join().catch(() => undefined);
    this.#isSending = false;
    if (this.#isDue && !this.#closed) void this.#sendUntilCurrent();
  }

  async #sendUntilCurrent(): Promise<void> {
    this.#isSending = true;
    await this.#clock.sleep(settleMs);
    for (let busyMs = restMs; this.#isDue && !this.#closed; busyMs = Math.min(busyRestMs, 2 * busyMs)) {
      this.#isDue = false;
      const beganAtMs = this.#clock.monotonicMs();
      try {
        await this.join();
      } catch {
        // No retry here: the next batch reports again, and until then the missing report withholds the proof.
        break;
      }
      const endedAtMs = this.#clock.monotonicMs();
      const tookMs = endedAtMs - beganAtMs;
      const longestMs = Math.max(restMs, longestRestMs(tookMs));
      const leastMs = Math.min(longestMs, Math.max(restMs, restFactor * tookMs));
      const longerMs = Math.min(longestMs, busyMs);
      if (longerMs > leastMs && !this.#namesNewReplicas()) await this.#restLonger(longerMs);
      const restedMs = this.#clock.monotonicMs() - endedAtMs;
      if (restedMs < leastMs) await this.#clock.sleep(leastMs - restedMs);
    }
    this.#isSending = false;
  }

  async #restLonger(ms: number): Promise<void> {
    if (this.#busyRest.signal.aborted) this.#busyRest = new AbortController();
    this.#restsUntilMs = this.#clock.monotonicMs() + ms;
    await this.#clock.sleep(waitFactor * ms, this.#busyRest.signal);
    this.#restsUntilMs = Number.POSITIVE_INFINITY;
  }

  /** Replicas wait for their welcome until a report has named them. */
  #namesNewReplicas(): boolean {
    return this.#reader.revision !== this.#sentRevision;
  }
}

/** With it, the next report arrives before the last one is too old to permit a proof. */
function longestRestMs(tookMs: number): number {
  return Math.min(mostRestMs, reportLifetimeMs - 2 * tookMs - mostRestMs);
}
