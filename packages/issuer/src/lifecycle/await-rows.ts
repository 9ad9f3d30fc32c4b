import type { Published } from '@revocast/denylist';
import type { Clock } from '@revocast/denylist/replica';
import type { AddedIn, AttemptResult, OutboxStore, RowState } from '../outbox/outbox-store.ts';
import type { RowAnswer, RowWaiters } from './row-waiters.ts';

/** Doubled up to the longest: the worker of this process answers at once, and only other processes are asked for. */
const firstPollMs = 100;
const longestPollMs = 400;

/** What is known of the rows of one event. */
export interface RowsKnown {
  readonly states: Map<string, RowState>;
  readonly published: Map<string, readonly Published[]>;
  /** Why the log refused a row. */
  refusal?: unknown;
}

interface AwaitRows {
  readonly ids: readonly string[];
  readonly addedIn: AddedIn;
  readonly known: RowsKnown;
  readonly waitMs: number;
  readonly waiters: RowWaiters;
  readonly outbox: Pick<OutboxStore, 'read'>;
  readonly wakeWorker: () => void;
  readonly clock: Clock;
}

/**
 * Waits until every row is in force or settled, or the time is up. Hears of the attempts of this process at once, and asks the
 * store for those of other processes.
 *
 * @throws StoreError when the store does not answer, and this process has not settled the rows itself.
 */
export async function awaitRows(wait: AwaitRows): Promise<void> {
  const { ids, addedIn, known, waiters, outbox, clock } = wait;
  const startedAtMs = clock.monotonicMs();
  let pollMs = firstPollMs;
  let woken = new AbortController();
  const stopWaiting = waiters.add(ids, (answer) => {
    learn(known, answer);
    woken.abort('answered');
  });
  try {
    wait.wakeWorker();
    for (;;) {
      const restMs = startedAtMs + wait.waitMs - clock.monotonicMs();
      if (restMs > 0 && !areSettled(wait)) {
        // The caller awaits the result, so the process must not end before.
        await clock.sleep(Math.min(pollMs, restMs), woken.signal, true);
        woken = new AbortController();
        pollMs = Math.min(2 * pollMs, longestPollMs);
      }
      if (areSettled(wait)) return;
      const open = ids.filter((id) => !isSettled(known.states.get(id)));
      const states = await outbox.read(open, addedIn);
      const wereCommitted = open.some((id) => known.states.get(id) === 'uncommitted');
      for (const [index, id] of open.entries()) {
        if (!isSettled(known.states.get(id))) known.states.set(id, states[index] ?? 'unknown');
      }
      // The transaction was committed a moment ago.
      if (wereCommitted && open.some((id) => known.states.get(id) === 'pending')) wait.wakeWorker();
      if (areSettled(wait) || clock.monotonicMs() - startedAtMs >= wait.waitMs) return;
    }
  } finally {
    stopWaiting();
  }
}

function areSettled({ ids, known }: AwaitRows): boolean {
  return ids.every((id) => isSettled(known.states.get(id)));
}

function isSettled(state: RowState | undefined): boolean {
  return state === 'logged' || state === 'refused' || state === 'stuck' || state === 'not_committed';
}

/** Adds what an attempt of this process has shown. */
export function learn(known: RowsKnown, { id, result, published, error }: RowAnswer): void {
  known.states.set(id, stateOf(result));
  known.published.set(id, published);
  if ('outcome' in result && result.outcome === 'refused') known.refusal = error;
}

function stateOf(result: AttemptResult): RowState {
  if (!('outcome' in result)) return result.isLogged ? 'logged' : 'pending';
  return result.outcome === 'not_durable' ? 'logged' : result.outcome;
}
