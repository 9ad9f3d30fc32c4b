import type { Clock } from './clock.ts';
import type { LogTimeSample } from './feed.ts';

/** A sample is worth keeping this long before a worse but newer one replaces it: clocks drift. */
const sampleLifetimeMs = 60_000;

/** Wall and log clock must agree this closely before anything is forgotten. */
const agreementMs = 60_000;

/**
 * The log's clock as seen from here: the best recent reading of Redis `TIME` (least round trip) carried on by the
 * monotonic clock. Latencies are measured in it, because publisher, Redis and pods each have their own wall clock.
 */
export class LogClock {
  readonly #clock: Clock;
  #best: LogTimeSample | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  learn(sample: LogTimeSample): void {
    const outlived = this.#best !== undefined && sample.monotonicMs - this.#best.monotonicMs > sampleLifetimeMs;
    if (this.#best === undefined || outlived || sample.roundTripMs <= this.#best.roundTripMs) this.#best = sample;
  }

  /** Log-clock milliseconds now, or undefined before the first reading. */
  nowMs(): number | undefined {
    if (this.#best === undefined) return undefined;
    return this.#best.logMs + (this.#clock.monotonicMs() - this.#best.monotonicMs);
  }

  /**
   * Claim seconds for the end of a denial: the earlier of wall and log clock, so that a wall clock that jumped ahead
   * ends no denial early.
   */
  claimSeconds(): number {
    return Math.floor(Math.min(this.#clock.wallMs(), this.nowMs() ?? Number.POSITIVE_INFINITY) / 1000);
  }

  /** Seconds by which rules may be forgotten, or undefined while wall clock and log disagree: then nothing is. */
  agreedSeconds(): number | undefined {
    const logMs = this.nowMs();
    if (logMs === undefined || Math.abs(logMs - this.#clock.wallMs()) > agreementMs) return undefined;
    return this.claimSeconds();
  }

  /** Log minus wall clock in milliseconds. */
  offsetMs(): number | undefined {
    const logMs = this.nowMs();
    return logMs === undefined ? undefined : logMs - this.#clock.wallMs();
  }
}
