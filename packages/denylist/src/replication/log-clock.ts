import type { Clock } from '../clock.ts';
import type { LogTimeSample } from '../log/feed.ts';
import { agreementMs } from '../rules/agreed-now.ts';

/** A worse but newer sample replaces one that is older than this, because clocks drift. */
const sampleLifetimeMs = 60_000;

/**
 * A sample may be wrong by half of its round trip, and latencies are documented to be exact to half a second. A longer
 * round trip (a stalled link, a paused process) is not used.
 */
const longestRoundTripMs = 1000;

/** A difference larger than this and the round trips is not an error of measurement. */
const toleratedMs = 1000;

/**
 * The log's clock in this process: the best recent reading of Redis `TIME` (the one with the shortest round trip),
 * continued by the monotonic clock. Latencies are measured in it, because publisher, Redis and API processes each have
 * their own wall clock.
 */
export class LogClock {
  readonly #clock: Clock;
  #best: LogTimeSample | undefined;
  /** Monotonic time since which wall and log clock disagree, so that no rule may be removed. */
  #disagreesSinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  learn(sample: LogTimeSample): void {
    if (sample.roundTripMs > longestRoundTripMs) return;
    if (this.#best === undefined || isBetter(sample, this.#best)) this.#best = sample;
  }

  /**
   * Log-clock milliseconds now, or undefined before the first sample.
   *
   * @param monotonicMs a reading of the monotonic clock to use instead of a new one.
   */
  nowMs(monotonicMs = this.#clock.monotonicMs()): number | undefined {
    if (this.#best === undefined) return undefined;
    return this.#best.logMs + (monotonicMs - this.#best.monotonicMs);
  }

  /**
   * Claim seconds at which denials end: the earlier of wall and log clock, so that a wall clock that jumped ahead ends
   * no denial early.
   */
  claimSeconds(): number {
    return Math.floor(Math.min(this.#clock.wallMs(), this.nowMs() ?? Number.POSITIVE_INFINITY) / 1000);
  }

  /** Seconds by which rules may be removed; undefined, so that none is removed, while wall and log clock disagree. */
  agreedSeconds(): number | undefined {
    const offsetMs = this.offsetMs();
    const disagrees = offsetMs !== undefined && Math.abs(offsetMs) > agreementMs;
    if (disagrees) this.#disagreesSinceMs ??= this.#clock.monotonicMs();
    else this.#disagreesSinceMs = undefined;
    return offsetMs === undefined || disagrees ? undefined : this.claimSeconds();
  }

  /** Milliseconds for which no rule could be removed, because the clocks disagree. */
  disagreementMs(): number | undefined {
    if (this.agreedSeconds() !== undefined || this.#disagreesSinceMs === undefined) return undefined;
    return this.#clock.monotonicMs() - this.#disagreesSinceMs;
  }

  /** Log minus wall clock in milliseconds. */
  offsetMs(): number | undefined {
    const logMs = this.nowMs();
    return logMs === undefined ? undefined : logMs - this.#clock.wallMs();
  }
}

function isBetter(sample: LogTimeSample, best: LogTimeSample): boolean {
  const passedMs = sample.monotonicMs - best.monotonicMs;
  // The log's clock was set, or ours stood still while this machine was suspended.
  const contradicts =
    Math.abs(sample.logMs - best.logMs - passedMs) > toleratedMs + sample.roundTripMs + best.roundTripMs;
  return sample.roundTripMs <= best.roundTripMs || passedMs > sampleLifetimeMs || contradicts;
}
