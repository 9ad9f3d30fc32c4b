import { Backoff, type Clock, type Random } from '@revocast/denylist/replica';
import type { KeySetLimits } from '../options/key-set-options.ts';
import type { KeySetErrorCode, KeySourceObserver } from './key-source.ts';
import type { KeySetLoad } from './load-key-set.ts';

/** A load that succeeded. */
export type KeySetSuccess = Exclude<KeySetLoad, { result: 'failed' }>;

/** One running refresh. Numbers increase with each start, so that "started after" is a comparison. */
export interface Refresh {
  readonly number: number;
  readonly startedAtMs: number;
  /** Resolves when it has ended, successfully or not, and its set is in use. Never rejects. */
  readonly done: Promise<void>;
}

type StartedRefresh = Omit<Refresh, 'done'>;

export interface RefresherParts {
  readonly load: (signal: AbortSignal) => Promise<KeySetLoad>;
  /** Receives the result of a successful refresh. */
  readonly take: (load: KeySetSuccess, refresh: StartedRefresh) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Pick<KeySetLimits, 'fetchTimeoutMs' | 'backoffBaseMs' | 'backoffCapMs'>;
  readonly observer: KeySourceObserver;
}

/**
 * Runs one refresh at a time, each with a deadline, with a growing random pause after failures. It decides when a refresh
 * *may* start; the cache decides when one *should*.
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

  /** Number of the last refresh that was started; 0 for none. */
  get lastStarted(): number {
    return this.#lastStarted;
  }

  /** Number of the last refresh that succeeded; 0 for none. */
  get lastSucceeded(): number {
    return this.#lastSucceeded;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Milliseconds left of the pause after a failure; 0 when a refresh may start. */
  retryAfterMs(nowMs: number): number {
    return Math.max(0, this.#retryAtMs - nowMs);
  }

  /** Whether a refresh may start: it is not closed, and no pause after a failure is left. */
  mayStart(nowMs: number): boolean {
    return !this.closed && this.retryAfterMs(nowMs) === 0;
  }

  /** Starts a refresh. Returns the running one if there is one, and undefined when none may start yet. */
  start(nowMs: number): Refresh | undefined {
    if (this.#underWay !== undefined) return this.#underWay;
    if (!this.mayStart(nowMs)) return undefined;
    this.#lastStarted += 1;
    this.#lastAttemptAtMs = this.#parts.clock.wallMs();
    const started: StartedRefresh = { number: this.#lastStarted, startedAtMs: nowMs };
    // An observer may throw after the set is in use. A refresh in the background is not awaited, so that its rejection
    // would be unhandled and end the process.
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
      observer.keySetFailed?.({ code: load.code, url: load.url, detail: load.detail });
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
   * A refresh ends at its deadline even when its load ignores the signal. The late result of such a load is dropped, so that
   * it cannot overwrite the set of a later refresh.
   */
  async #loadBeforeDeadline(): Promise<KeySetLoad> {
    const { clock, limits, load } = this.#parts;
    const abort = new AbortController();
    this.#abort = abort;
    // `close()` aborts the sleep too, so that look-ups stop waiting at once.
    const timeout = clock
      .sleep(limits.fetchTimeoutMs, abort.signal)
      .then((): KeySetLoad => ({ result: 'failed', code: 'timeout' }));
    try {
      return await Promise.race([load(abort.signal), timeout]);
    } catch {
      return { result: 'failed', code: 'internal_error' };
    } finally {
      abort.abort();
    }
  }

  #fail(code: KeySetErrorCode, atMs: number): void {
    this.#failures += 1;
    this.#retryAtMs = this.#parts.clock.monotonicMs() + this.#backoff.nextMs();
    this.#lastError = { code, atMs };
  }
}
