import type { Published } from '@revocast/denylist';
import type { Transaction } from '../outbox/outbox-store.ts';

export interface ReportOptions {
  /**
   * A `pg` client inside your transaction: the event is noted if and only if the transaction is committed, and nothing is
   * logged before. Then `report` resolves at once with `pending`: await `settled()` of the outcome after the commit.
   */
  readonly tx?: Transaction | undefined;
  /** How long to wait for the log, 0–60,000 ms, default 1000. */
  readonly waitMs?: number | undefined;
}

/**
 * - `logged`: the log has every revocation of the event; processes with a fresh feed enforce it within milliseconds
 * - `pending`: noted, and not all of it logged yet
 * - `not_committed`: the transaction of the caller ended without a commit, so nothing happened
 * - `refused`: the log refuses a revocation of the event, which is not in force
 * - `stuck`: it was older than 20 hours before the log could be reached: a lift was dropped, or a block became a cutoff
 */
export type OutcomeState = 'logged' | 'pending' | 'not_committed' | 'refused' | 'stuck';

/** What became of an event. */
export interface Outcome {
  readonly state: OutcomeState;
  /** Names the event in the outbox; derived from `id` of the event, if it has one. */
  readonly id: string;
  /** What this process has logged of it; await `enforcedEverywhere()` of each before the next request must be rejected. */
  readonly published: readonly Published[];
  /**
   * Waits until it is settled. It is `pending` also when the store does not answer. After a transaction of yours, release its
   * client first: this reads the store through the same pool.
   *
   * @param waitMs 0–60,000, default 1000. @throws ConfigurationError
   */
  settled(waitMs?: number): Promise<Outcome>;
}
