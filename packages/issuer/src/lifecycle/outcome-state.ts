import type { RowState } from '../outbox/outbox-store.ts';
import type { OutcomeState } from './outcome.ts';

/** The state of an event, from the states of its rows: what is worst decides. */
export function outcomeStateOf(rows: readonly RowState[]): OutcomeState {
  const has = (state: RowState) => rows.includes(state);
  if (has('not_committed')) return 'not_committed';
  if (has('refused')) return 'refused';
  // A row of which nothing is known is not claimed to be in force.
  if (has('pending') || has('uncommitted') || has('unknown')) return 'pending';
  return has('stuck') ? 'stuck' : 'logged';
}
