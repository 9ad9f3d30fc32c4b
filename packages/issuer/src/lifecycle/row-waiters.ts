import type { Published } from '@revocast/denylist';
import type { AttemptResult } from '../outbox/outbox-store.ts';

/** What this process has seen of a row. */
export interface RowAnswer {
  readonly id: string;
  readonly result: AttemptResult;
  readonly published?: Published;
  readonly error?: unknown;
}

/** Runs work in the asynchronous context of an earlier call, so that a span of the work is a child of the span of that call. */
export type RunInContext = <Result>(work: () => Result) => Result;

interface Waiter {
  readonly notify: (answer: RowAnswer) => void;
  readonly runInContext: RunInContext;
}

/** Hands the answers of the worker to the reports that wait for them. Holds nothing of a row without a waiting report. */
export class RowWaiters {
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #captureContext: () => RunInContext;

  /** @param captureContext returns a function that runs work in the context of this call. */
  constructor(captureContext: () => RunInContext) {
    this.#captureContext = captureContext;
  }

  /** @returns a function that ends the wait. */
  add(ids: readonly string[], notify: (answer: RowAnswer) => void): () => void {
    const waiter = { notify, runInContext: this.#captureContext() };
    for (const id of ids) {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting.add(waiter));
    }
    return () => {
      for (const id of ids) {
        const waiting = this.#waiting.get(id);
        waiting?.delete(waiter);
        if (waiting?.size === 0) this.#waiting.delete(id);
      }
    };
  }

  /** Runs work about a row in the context of the first report that waits for it, if one does. */
  runFor<Result>(id: string, work: () => Result): Result {
    const [waiter] = this.#waiting.get(id) ?? [];
    return waiter === undefined ? work() : waiter.runInContext(work);
  }

  answer(answer: RowAnswer): void {
    for (const { notify } of this.#waiting.get(answer.id) ?? []) notify(answer);
  }
}
