import type { FakeClock, Nap } from '@revocast/test-support/fake-clock';
import type { Clock } from '../../src/clock.ts';
import type { ClockReading } from '../../src/rules/agreed-now.ts';
import type { Host } from './host.ts';

/**
 * One process of the modelled world, and the clocks it sees. The monotonic clock is right; the wall clock is that of its
 * host. While it is stopped (SIGSTOP) it does not run: due timers and replies wait.
 */
export class Party implements Clock {
  readonly name: string;
  readonly #host: Host;
  readonly #time: FakeClock;
  readonly #death = new AbortController();
  #resume: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(name: string, host: Host, time: FakeClock) {
    this.name = name;
    this.#host = host;
    this.#time = time;
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
    return this.#time.monotonicMs();
  }

  wallMs(): number {
    return this.reading().wallMs;
  }

  /** What it says about its wall clock. */
  reading(): ClockReading {
    return this.#host.reading(this.#time.wallMs());
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#time.sleep(ms, signal);
    await this.#running;
  }

  /** A sleep that ends `ms` later, or at `wake`. */
  nap(ms: number): Nap {
    const { over, wake } = this.#time.nap(ms);
    return { over: over.then(() => this.#running), wake };
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

  kill(): void {
    this.#death.abort('killed');
    this.resume();
  }
}
