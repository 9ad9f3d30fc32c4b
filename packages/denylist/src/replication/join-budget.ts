import type { Clock } from '../clock.ts';

/** Replicas that may join at once: as many as a sidecar remembers, so that a fleet comes back in one go. */
const burst = 10_000;
/** Further ones in a second. Without a limit, connections that come and go could rewrite the whole list many times a second. */
const perSecond = 500;

/** How many replicas may still join. It is for all readers of a sidecar together. */
export class JoinBudget {
  readonly #clock: Clock;
  #left = burst;
  #refilledAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#refilledAtMs = clock.monotonicMs();
  }

  /** @returns false when no replica may join now. */
  spend(): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#refilledAtMs) / 1000) * perSecond);
    this.#refilledAtMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
