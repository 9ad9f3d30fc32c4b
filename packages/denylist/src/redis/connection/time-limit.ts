import type { Clock } from '../../clock.ts';

interface Waiting {
  readonly dueAtMs: number;
  giveUp(): void;
}

/**
 * One time limit for all commands of a connection, with one timer: a timer and a signal for each command cost more than
 * the command itself. The timer does not keep the process alive.
 */
export class TimeLimit {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  readonly #timeoutMs: number;
  /** The oldest first, which is due first. */
  readonly #waiting = new Set<Waiting>();
  #isLooking = false;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Waits for a promise. Rejects with the result of `late` when the time is up. */
  await<Value>(promised: Promise<Value>, late: () => Error): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const dueAtMs = this.#clock.monotonicMs() + this.#timeoutMs;
      const waiting: Waiting = { dueAtMs, giveUp: () => reject(late()) };
      this.#waiting.add(waiting);
      if (!this.#isLooking) void this.#look();
      promised.then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
    });
  }

  /** Gives up what is due, as long as there is anything to wait for. */
  async #look(): Promise<void> {
    this.#isLooking = true;
    for (let nextMs = this.#timeoutMs; nextMs > 0; nextMs = this.#giveUpDue()) await this.#clock.sleep(nextMs);
    this.#isLooking = false;
  }

  /** @returns milliseconds until the next one is due; 0 when nothing is awaited. */
  #giveUpDue(): number {
    const nowMs = this.#clock.monotonicMs();
    for (const waiting of this.#waiting) {
      if (waiting.dueAtMs > nowMs) return waiting.dueAtMs - nowMs;
      this.#waiting.delete(waiting);
      waiting.giveUp();
    }
    return 0;
  }
}
