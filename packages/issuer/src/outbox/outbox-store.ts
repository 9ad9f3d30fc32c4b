import type { OutboxStatement } from '../events/statements.ts';

/** How a row ended. The list is closed, because it is a metric label. */
export const outboxOutcomes = [
  /** The log has it. */
  'logged',
  /** The log has it, on fewer copies than required, and this did not change for five minutes after it was written. */
  'not_durable',
  /** The log refuses it, so it is not in force. */
  'refused',
  /** Older than 20 hours: a lift was dropped, a block was logged as a cutoff. */
  'stuck',
] as const;
export type OutboxOutcome = (typeof outboxOutcomes)[number];

/** A row to be added. */
export interface NewOutboxRow {
  /** Deterministic: a row with a known id is not added again. 1–128 printable characters. */
  readonly id: string;
  /** The value that the statement is about, as a digest. Rows of one target are logged in the order of their reports. */
  readonly target: string;
  readonly statement: OutboxStatement;
  /** Unix milliseconds, by the clock of the caller; undefined: now, by the clock of the store. */
  readonly occurredAtMs: number | undefined;
}

/** A row that is not settled. Times are Unix milliseconds by the clock of the store. */
export interface OutboxRow extends Omit<NewOutboxRow, 'occurredAtMs'> {
  readonly occurredAtMs: number;
  /** When the row was added. */
  readonly reportedAtMs: number;
  /** When it was first read as committed, at most 60 s after it was added. It does not change. */
  readonly frozenAtMs: number;
  /** When it was first found in force, on too few copies; undefined before that. */
  readonly loggedAtMs?: number | undefined;
  /** Failed attempts before this one. */
  readonly attempts: number;
  /** Now, by the clock of the store. */
  readonly nowMs: number;
}

/** What became of one attempt. */
export type AttemptResult =
  | { readonly outcome: OutboxOutcome }
  /** Tries again. `isLogged`: in force, although the row is not settled. `error`: a code, never a text. */
  | { readonly retryInMs: number; readonly isLogged: boolean; readonly error: string };

/** What is known about a row. */
export type RowState =
  /** Added, not in force. */
  | 'pending'
  /** In force. */
  | 'logged'
  | 'refused'
  | 'stuck'
  /** The transaction of the caller ended without it. */
  | 'not_committed'
  /** The transaction of the caller has not ended. */
  | 'uncommitted'
  /** Not there: its id is unknown, or it was deleted a week after it was settled. */
  | 'unknown';

/** A client of the caller inside a transaction: of `pg`, or with the same `query`. */
export interface Transaction {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Where a row was added, for a later question about it. Empty outside a transaction of the caller. */
export interface AddedIn {
  readonly transaction?: string;
}

export interface OutboxFigures {
  /** Rows that are not in force yet. */
  readonly pending: number;
  /** Age of the oldest of them in seconds; 0 without one. */
  readonly oldestSeconds: number;
}

/** Rows of a table of the store. */
export interface RowCounts {
  /** Families that live, or revocations that are not settled. */
  readonly active: number;
  /** What is kept for a time, and then deleted. */
  readonly ended: number;
}

/**
 * Keeps the revocations that are not yet in the log. A port: one suite of tests runs over every implementation.
 *
 * Every method rejects with {@link StoreError} when the store cannot answer.
 */
export interface OutboxStore {
  /** Whether rows can be part of a transaction of the caller. */
  readonly joinsTransactions: boolean;
  /** Checks that the store can be used: the right tables, and no read-only copy. @throws ConfigurationError · StoreError */
  prepare(): Promise<void>;
  /** Adds rows. With `tx` they are part of the transaction of the caller, and invisible until it is committed. */
  add(rows: readonly NewOutboxRow[], tx?: Transaction): Promise<AddedIn>;
  /**
   * Notes that an event is reported, inside the transaction, before anything follows from it. Another report of the same event
   * waits until that transaction has ended.
   *
   * @returns undefined for a new event, else the ids of the rows that {@link complete} has noted for it.
   */
  claim(event: string, tx: Transaction | undefined): Promise<readonly string[] | undefined>;
  /** Notes the rows that followed from a claimed event, inside the same transaction. */
  complete(event: string, rows: readonly string[], tx: Transaction | undefined): Promise<void>;
  /**
   * Calls `attempt` for the rows that are due, at most `limit` at once, and stores each result. A row is due when its time
   * has come and no older row of its target is pending. No other process handles one of them meanwhile.
   *
   * @returns the number of rows.
   */
  take(limit: number, attempt: (row: OutboxRow) => Promise<AttemptResult>): Promise<number>;
  /** The state of each row, by its id. */
  read(ids: readonly string[], addedIn: AddedIn): Promise<readonly RowState[]>;
  /** Makes every pending row due now, except those whose last attempt failed with one of these codes. */
  hurry(except: readonly string[]): Promise<void>;
  /** Deletes at most so many rows that were settled more than a week ago. @returns how many. */
  collect(limit: number): Promise<number>;
  figures(): Promise<OutboxFigures>;
  /** Reads the whole table, or its index: call it seldom. */
  countRows(): Promise<RowCounts>;
  /** Calls back when another process or a transaction has added rows. Where that is impossible, it never calls. */
  listen(wake: () => void): void;
  close(): Promise<void>;
}
