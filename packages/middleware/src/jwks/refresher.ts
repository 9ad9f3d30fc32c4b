import { Backoff, type Clock, type Random } from '@revocast/denylist/replica';
import type { KeySetLimits } from '../options/key-set-options.ts';
import type { KeySetErrorCode, KeySourceObserver } from './key-source.ts';
import type { KeySetLoad } from './load-key-set.ts';

/** A load that brought something. */
export type KeySetSuccess = Exclude<KeySetLoad, { result: 'failed' }>;

/** One refresh under way. Numbers rise with each start, so "started after" can be asked. */
export interface Refresh {
  readonly number: number;
  readonly startedAtMs: number;
  /** Resolves when it has ended, well or not, and its set is in place. Never rejects. */
  readonly done: Promise<void>;
}

type StartedRefresh = Omit<Refresh, 'done'>;

export interface RefresherParts {
  readonly load: (signal: AbortSignal) => Promise<KeySetLoad>;
  /** Takes what a successful refresh brought. */
  readonly take: (load: KeySetSuccess, refresh: StartedRefresh) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Pick<KeySetLimits, 'fetchTimeoutMs' | 'backoffBaseMs' | 'backoffCapMs'>;
  readonly observer: KeySourceObserver;
}

/**
 * Refreshes one at a time, each with a deadline, with a growing random pause after failures. It decides when a refresh
 * *may* start; when one *should* is the cache's business.
 */
export class Refresher {
  readonly #parts: RefresherParts;
  readonly #backoff: Backoff;
  #underWay: Refresh | undefined;
  #abort: AbortController | undefined;
  #closed = false;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #lastStarted = 0;
  #lastSucceeded = 0;
  #failures = 0;
  #lastAttemptAtMs: number | undefined;
  #lastSuccessAtMs: number | undefined;
  #lastError: { readonly code: KeySetErrorCode; readonly atMs: number } | undefined;

  constructor(parts: RefresherParts) {
    this.#parts = parts;
    const { limits, random } = parts;
    this.#backoff = new Backoff({ firstMs: limits.backoffBaseMs, maxMs: limits.backoffCapMs, random });
  }

  get underWay(): Refresh | undefined {
    return this.#underWay;
  }

  /** Number of the refresh started last; 0 when none was. */
  get lastStarted(): number {
    return this.#lastStarted;
  }

  /** Number of the refresh that succeeded last; 0 when none did. */
  get lastSucceeded(): number {
    return this.#lastSucceeded;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What is left of the pause after failures, ms; 0 when a refresh may start. */
  retryAfterMs(nowMs: number): number {
    return Math.max(0, this.#retryAtMs - nowMs);
  }

  /** Starts a refresh, unless one is under way (which is returned), or none may start yet (undefined). */
  start(nowMs: number): Refresh | undefined {
    if (this.#underWay !== undefined) return this.#underWay;
    if (this.closed || this.retryAfterMs(nowMs) > 0) return undefined;
    this.#lastStarted += 1;
    this.#lastAttemptAtMs = this.#parts.clock.wallMs();
    const started: StartedRefresh = { number: this.#lastStarted, startedAtMs: nowMs };
    // A listener or observer that throws does so after the set is in place. Nobody awaits a refresh behind the requests,
    // so its rejection would be unhandled and end the process.
    this.#underWay = { ...started, done: this.#run(started).catch(() => {}) };
    return this.#underWay;
  }

  close(): void {
    this.#closed = true;
    this.#abort?.abort();
  }

  status() {
    return {
      lastAttemptAtMs: this.#lastAttemptAtMs,
      lastSuccessAtMs: this.#lastSuccessAtMs,
      lastError: this.#lastError,
      consecutiveFailures: this.#failures,
    };
  }

  async #run(started: StartedRefresh): Promise<void> {
    const load = await this.#loadBeforeDeadline();
    this.#underWay = undefined;
    if (this.closed) return;

    const { clock, observer, take } = this.#parts;
    const durationMs = clock.monotonicMs() - started.startedAtMs;
    const atWallMs = clock.wallMs();
    if (load.result === 'failed') {
      this.#fail(load.code, atWallMs);
      observer.keySetFetched?.({ result: load.code, durationMs, atWallMs });
      return;
    }
    this.#failures = 0;
    this.#backoff.succeeded();
    this.#lastSucceeded = started.number;
    this.#lastSuccessAtMs = atWallMs;
    take(load, started);
    observer.keySetFetched?.({ result: load.result, durationMs, atWallMs });
  }

  /**
   * A refresh ends at its deadline even when its load ignores the signal. The answer that such a load gives later is the
   * loser of a settled race: it cannot overwrite the set of a refresh started since.
   */
  async #loadBeforeDeadline(): Promise<KeySetLoad> {
    const { clock, limits } = this.#parts;
    const abort = new AbortController();
    this.#abort = abort;
    const timeout = clock
      .sleep(limits.fetchTimeoutMs, abort.signal)
      .then((): KeySetLoad => ({ result: 'failed', code: 'timeout' }));
    const load = await Promise.race([this.#loadOnce(abort.signal), timeout]);
    abort.abort();
    return load;
  }

  async #loadOnce(signal: AbortSignal): Promise<KeySetLoad> {
    try {
      return await this.#parts.load(signal);
    } catch {
      return { result: 'failed', code: 'internal_error' };
    }
  }

  #fail(code: KeySetErrorCode, atMs: number): void {
    this.#failures += 1;
    this.#retryAtMs = this.#parts.clock.monotonicMs() + this.#backoff.nextMs();
    this.#lastError = { code, atMs };
  }
}
