export interface ScheduleOptions {
  readonly startMs: number;
  readonly perSecond: number;
  readonly amount: number;
}

/** The moments at which the requests of an open loop leave: evenly spaced, whatever became of those before. */
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

  /** @returns when the next request was due, or undefined when none is by now. */
  takeDue(nowMs: number): number | undefined {
    if (this.isOver) return undefined;
    const { startMs, perSecond } = this.#options;
    // From the start each time: adding up intervals would add up their errors.
    const dueMs = startMs + (this.#taken * 1000) / perSecond;
    if (dueMs > nowMs) return undefined;
    this.#taken += 1;
    return dueMs;
  }
}
