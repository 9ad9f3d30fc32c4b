import type { FakeClock } from '@revocast/test-support';
import type { Clock } from '../../src/clock.ts';

/**
 * One process of the modelled world, and the clock it sees. Its monotonic clock is the host's; its wall clock may be
 * wrong. While it is stopped (SIGSTOP) it does not run: due timers and replies wait.
 */
export class Party implements Clock {
  readonly name: string;
  readonly #host: FakeClock;
  readonly #death = new AbortController();
  #wallAheadMs = 0;
  #resume: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(name: string, host: FakeClock) {
    this.name = name;
    this.#host = host;
  }

  get alive(): boolean {
    return !this.#death.signal.aborted;
  }

  /** Aborts when the process is killed. */
  get death(): AbortSignal {
    return this.#death.signal;
  }

  get paused(): boolean {
    return this.#resume !== undefined;
  }

  monotonicMs(): number {
    return this.#host.monotonicMs();
  }

  wallMs(): number {
    return this.#host.wallMs() + this.#wallAheadMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#host.sleep(ms, signal);
    await this.#running;
  }

  /** Resolves when the process runs. Everything that arrives from outside waits for it. */
  running(): Promise<void> {
    return this.#running;
  }

  pause(): void {
    if (this.#resume !== undefined) return;
    this.#running = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  jumpWall(ms: number): void {
    this.#wallAheadMs += ms;
  }

  kill(): void {
    this.#death.abort();
    this.resume();
  }
}
