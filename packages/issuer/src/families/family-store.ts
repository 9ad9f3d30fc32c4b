import type { RowCounts, Transaction } from '../outbox/outbox-store.ts';
import type { Ending, Lifetimes, NextToken } from './advance.ts';
import type { Family } from './family.ts';
import type { FamilySelector } from './family-selector.ts';
import type { EndOutcome, FamilyRules, RefuseOutcome, Shown } from './state-machine.ts';

/** A family to be added. The store adds the times, by its own clock. */
export interface NewFamily
  extends Pick<Family, 'id' | 'grant' | 'issuer' | 'client' | 'subject' | 'session' | 'binding' | 'data'> {
  readonly hash: Uint8Array;
  readonly keyId: number;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly accessMs: number;
}

/** A shown token, and the child that it gets if it is current. */
export interface Presentation {
  readonly issuer: string;
  readonly family: Uint8Array;
  readonly shown: Shown;
  readonly next: NextToken;
  readonly rules: FamilyRules;
  readonly lifetimes: Lifetimes;
}

/** What the store did with a shown token. `nowMs`: when, by the clock of the store. `family`: the row after that. */
export type Presented =
  | {
      readonly outcome: 'rotated';
      readonly family: Family;
      readonly nowMs: number;
      /** When the access token was made that this refresh replaces. */
      readonly replacedAtMs: number;
    }
  | { readonly outcome: 'retried'; readonly family: Family; readonly nowMs: number }
  | { readonly outcome: RefuseOutcome | EndOutcome; readonly family: Family; readonly nowMs: number }
  | { readonly outcome: 'unknown' };

export interface EndedFamilies extends Ending {
  /** With `keep`, also those that had ended as `expired` or `store_lost`, and have a living access token. */
  readonly count: number;
  /** The claim `grant_id` of the first {@link maxEndedGrants} of them. */
  readonly grants: readonly string[];
}

export const maxEndedGrants = 51;

/**
 * Adds to the outbox what follows from the end of families. The store calls it before the end is final, inside the same
 * transaction: either both happen or neither.
 *
 * @param tx undefined in a store without transactions.
 */
export type NoteEnd = (ended: EndedFamilies, tx: Transaction | undefined) => Promise<void>;

export interface EndOptions {
  /** Called first, inside the transaction. False: the event was reported before, so nothing ends, and nothing is noted. */
  readonly isNew?: (tx: Transaction | undefined) => Promise<boolean>;
  readonly note: NoteEnd;
  /** The transaction of the caller. Without one, the store makes its own. */
  readonly tx?: Transaction;
  /**
   * First waits for families that are being opened, so that the end includes each one that was opened before it. For a
   * transaction of the store: in one of the caller, sign-ins of the subject would wait for its end.
   */
  readonly waitForOpening?: boolean;
  /** Also removes the subject, the session and the data from the rows, those of ended families included. */
  readonly erase?: boolean;
}

export interface CollectedFamilies {
  /** Families whose lifetime was over: they are now ended. */
  readonly expired: number;
  /** Rows of ended families that were deleted. */
  readonly deleted: number;
}

export interface CollectLimits {
  /** How long the row of an ended family is kept. */
  readonly keepEndedMs: number;
  /** Rows in one statement. */
  readonly batch: number;
}

/**
 * Keeps refresh families. A port: one suite of tests runs over every implementation.
 *
 * - All times are those of the store's clock, so that processes with different clocks decide the same.
 * - A family only moves forward: its generation never falls, and its end is final.
 * - Every method rejects with StoreError when the store cannot answer; then nothing has changed, or, for an answer that was
 *   lost, the same token gets the same child when it is shown again.
 */
export interface FamilyStore {
  /** Checks that the store can be used. @throws ConfigurationError · StoreError */
  prepare(): Promise<void>;
  /** Adds a family. @returns the row. */
  open(family: NewFamily): Promise<Family>;
  /**
   * Decides about a shown token as `decide` of state-machine.ts does, and applies the decision, as one step: of many requests
   * with one token at the same time, exactly one rotates.
   */
  present(presentation: Presentation, note: NoteEnd): Promise<Presented>;
  /** The active families of a subject, newest first, at most 1000. */
  list(of: { readonly issuer: string; readonly subject: string }): Promise<readonly Family[]>;
  /**
   * Ends active families. `note` is called also when there were none, so that an event without a family is not lost.
   */
  end(which: FamilySelector, ending: Ending, options: EndOptions): Promise<EndedFamilies>;
  /** Ends all active families that were opened before a time, as `store_lost`, in batches. For a restored store. */
  endOpenedBefore(beforeMs: number): Promise<number>;
  /**
   * Ends one batch of families whose lifetime is over, and deletes one batch of rows that ended long ago. Call it again while
   * a batch was full. Resolves with undefined when another process does it just now.
   */
  collect(limits: CollectLimits): Promise<CollectedFamilies | undefined>;
  /** Clients, each with its number of families whose newest access token has not expired. At most 1000 clients. */
  countLiveAccess(): Promise<ReadonlyMap<string, number>>;
  /** Reads the whole table: call it seldom. */
  countRows(): Promise<RowCounts>;
}
