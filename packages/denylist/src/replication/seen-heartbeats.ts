import type { Clock } from '../clock.ts';
import { readingMs } from '../log/enforcement.ts';
import { agreementMs } from '../rules/agreed-now.ts';

/**
 * The heartbeats that were seen in the answers of a Redis. Its clock alone does not decide whether one is recent: a primary
 * that was cut off still answers, and when its clock is set back, an old heartbeat looks recent.
 */
export class SeenHeartbeats {
  readonly #clock: Clock;
  readonly #maxStalenessMs: number;
  #latestMs = Number.NaN;
  /** Monotonic time of the first question whose answer had it. */
  #firstSeenMs = Number.NEGATIVE_INFINITY;
  /** Monotonic time of the last question whose answer had an earlier one: it was written after that. */
  #writtenAfterMs = Number.NEGATIVE_INFINITY;
  #lastAskedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, maxStalenessMs: number) {
    this.#clock = clock;
    this.#maxStalenessMs = maxStalenessMs;
  }

  /** Whether the last heartbeat, which an answer shows, was written at most `maxStalenessMs` before the question. */
  isRecent(beatAtMs: number, { logMs, sentAtMs }: { readonly logMs: number; readonly sentAtMs: number }): boolean {
    this.#note(beatAtMs, sentAtMs);
    const most = this.#maxStalenessMs;
    // False for a heartbeat that is absent or no number, too: a comparison with NaN is false.
    const isRecentInLog = logMs - beatAtMs >= -readingMs && logMs - beatAtMs <= most;
    if (!isRecentInLog || sentAtMs - this.#firstSeenMs > most) return false;
    // The first answers show one heartbeat only. Then our own wall clock must not contradict.
    const isSeenToChange = sentAtMs - this.#writtenAfterMs <= most;
    return isSeenToChange || Math.abs(this.#clock.wallMs() - beatAtMs) <= most + agreementMs;
  }

  #note(beatAtMs: number, sentAtMs: number): void {
    if (beatAtMs !== this.#latestMs) {
      this.#writtenAfterMs = Number.isNaN(this.#latestMs) ? Number.NEGATIVE_INFINITY : this.#lastAskedMs;
      this.#latestMs = beatAtMs;
      this.#firstSeenMs = sentAtMs;
    }
    this.#lastAskedMs = sentAtMs;
  }
}
