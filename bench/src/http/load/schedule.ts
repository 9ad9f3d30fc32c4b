export interface ScheduleOptions {
  readonly startMs: number;
  readonly perSecond: number;
  readonly amount: number;
}

/** The times at which the requests of an open loop are due: evenly spaced, independent of the answers. */
export class Schedule {
  readonly #options: ScheduleOptions;
  #taken = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Whether every request has been taken. */
  get isOver(): boolean {
    return this.#taken >= this.#options.amount;
  }

  /** @returns the due time of the next request, or undefined when it is later than `nowMs`. */
  takeDue(nowMs: number): number | undefined {
    if (this.isOver) return undefined;
    const { startMs, perSecond } = this.#options;
    // Computed from the start, because a sum of intervals would accumulate rounding errors.
    const dueMs = startMs + (this.#taken * 1000) / perSecond;
    if (dueMs > nowMs) return undefined;
    this.#taken += 1;
    return dueMs;
  }
}
