import type { Published } from '@revocast/denylist';
import type { AttemptResult } from '../outbox/outbox-store.ts';

/** What this process has seen of a row. */
export interface RowAnswer {
  readonly id: string;
  readonly result: AttemptResult;
  readonly published?: Published;
  readonly error?: unknown;
}

/** Hands the answers of the worker to the reports that wait for them. Holds nothing of a row without a waiting report. */
export class RowWaiters {
  readonly #waiting = new Map<string, Set<(answer: RowAnswer) => void>>();

  /** @returns a function that ends the wait. */
  add(ids: readonly string[], notify: (answer: RowAnswer) => void): () => void {
    for (const id of ids) {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting.add(notify));
    }
    return () => {
      for (const id of ids) {
        const waiting = this.#waiting.get(id);
        waiting?.delete(notify);
        if (waiting?.size === 0) this.#waiting.delete(id);
      }
    };
  }

  answer(answer: RowAnswer): void {
    for (const notify of this.#waiting.get(answer.id) ?? []) notify(answer);
  }
}
