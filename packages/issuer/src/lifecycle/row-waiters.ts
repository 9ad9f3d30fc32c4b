import type { Published } from '@revocast/denylist';
import type { AttemptResult } from '../outbox/outbox-store.ts';

/** What this process has seen of a row. */
export interface RowAnswer {
  readonly id: string;
  readonly result: AttemptResult;
  /** Of the row, and of the families that ended again with it. */
  readonly published: readonly Published[];
  readonly error?: unknown;
}

/** Runs work in the asynchronous context of an earlier call, so that a span of the work is a child of the span of that call. */
export type RunInContext = <Result>(work: () => Result) => Result;

interface Waiter {
  readonly notify: (answer: RowAnswer) => void;
  readonly runInContext: RunInContext;
}

/** Reports that listen before they wait. Of more, the oldest ones ask the store. */
const mostExpected = 1000;

/** Hands the answers of the worker to the reports of their rows. */
export class RowWaiters {
  readonly #waiting = new Map<string, Set<Waiter>>();
  /** Each ends one {@link expect}, the oldest first. */
  readonly #expected = new Set<() => void>();
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

  /**
   * As {@link add}, for rows that are about to be added: the worker may publish one before its report waits. It ends when each
   * row has an outcome. A transaction that is rolled back has none, so at most 1000 are kept.
   */
  expect(ids: readonly string[], notify: (answer: RowAnswer) => void): void {
    const open = new Set(ids);
    const stop = this.add(ids, (answer) => {
      notify(answer);
      if ('outcome' in answer.result) open.delete(answer.id);
      if (open.size === 0) end();
    });
    const end = () => {
      stop();
      this.#expected.delete(end);
    };
    this.#expected.add(end);
    const [oldest] = this.#expected;
    if (this.#expected.size > mostExpected) oldest?.();
  }

  /** Runs work about a row in the context of the first report of it, if there is one in this process. */
  runFor<Result>(id: string, work: () => Result): Result {
    const [waiter] = this.#waiting.get(id) ?? [];
    return waiter === undefined ? work() : waiter.runInContext(work);
  }

  answer(answer: RowAnswer): void {
    for (const { notify } of this.#waiting.get(answer.id) ?? []) notify(answer);
  }
}
