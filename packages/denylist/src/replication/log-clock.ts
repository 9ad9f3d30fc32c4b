import type { Clock } from '../clock.ts';
import type { LogTimeSample } from '../log/feed.ts';

/** A sample is worth keeping this long before a worse but newer one replaces it: clocks drift. */
const sampleLifetimeMs = 60_000;

/**
 * A reading may be off by half of its round trip, and latencies are promised to half a second: one that took longer,
 * because a link stood still or a process was paused, is none.
 */
const longestRoundTripMs = 1000;

/** A difference beyond this and the round trips is no error of measurement. */
const toleratedMs = 1000;

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
    if (sample.roundTripMs > longestRoundTripMs) return;
    const outlived = this.#best !== undefined && sample.monotonicMs - this.#best.monotonicMs > sampleLifetimeMs;
    const isBetter = this.#best === undefined || sample.roundTripMs <= this.#best.roundTripMs;
    if (isBetter || outlived || this.#contradicts(sample)) this.#best = sample;
  }

  /** The log's clock was set, or ours stood still while this machine slept: no round trip explains the difference. */
  #contradicts(sample: LogTimeSample): boolean {
    if (this.#best === undefined) return false;
    const expectedMs = this.#best.logMs + (sample.monotonicMs - this.#best.monotonicMs);
    return Math.abs(sample.logMs - expectedMs) > toleratedMs + sample.roundTripMs + this.#best.roundTripMs;
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
