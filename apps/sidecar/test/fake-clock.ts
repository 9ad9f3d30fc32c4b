import type { Clock } from '@revocast/denylist/replica';

/** A clock that moves only when told, waking the sleepers whose time has come. */
export class FakeClock implements Clock {
  #nowMs = 1_000_000;
  readonly #sleepers = new Set<{ readonly wakeAtMs: number; readonly wake: () => void }>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { wakeAtMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        resolve();
      });
    });
  }

  /** Time passes while nothing runs: sleepers do not wake, as in a stuck process. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  async advance(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = [...this.#sleepers].sort((a, b) => a.wakeAtMs - b.wakeAtMs)[0];
      if (next === undefined || next.wakeAtMs > until) break;
      this.#nowMs = Math.max(this.#nowMs, next.wakeAtMs);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#nowMs = Math.max(this.#nowMs, until);
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
