import type { FamilyStore } from '../families/family-store.ts';
import type { OutboxStore } from '../outbox/outbox-store.ts';

/** What {@link createLifecycle} takes as `store`. */
export interface LifecycleStore {
  readonly outbox: OutboxStore;
  /** Where `families()` keeps refresh tokens; in the same database as the outbox. Absent: `families()` throws. */
  readonly families?: FamilyStore | undefined;
}
