import { ConfigurationError } from '@revocast/denylist';
import { errorCodeOf } from '@revocast/denylist/replica';
import { StoreError } from '../outbox/store-error.ts';

/** SQLSTATE: a statement that writes, on a server that only reads. */
const readOnly = '25006';
const notPermitted = '42501';
const undefinedTable = '42P01';
const undefinedColumn = '42703';
const lockNotAvailable = '55P03';

/** Another transaction held the rows for longer than this statement could wait. */
export class LockedError extends StoreError {}

/**
 * The error of the store for one of `pg`. Without the original: its `detail` can have the values of a row, which name a person.
 */
export function storeErrorOf(error: unknown): StoreError | ConfigurationError {
  if (error instanceof StoreError || error instanceof ConfigurationError) return error;
  const code = errorCodeOf(error) ?? 'no code';
  if (code === readOnly) return readOnlyCopy();
  if (code === lockNotAvailable) {
    return new LockedError(
      'store_unavailable',
      `expected the rows of the user to be free, found that another transaction holds them (${code}): commit it soon after report({ tx })`,
    );
  }
  if (code === undefinedTable || code === undefinedColumn) {
    return new ConfigurationError(
      'store',
      `expected the tables of this version, found others or none (${code}): await postgresStore(pool).migrate()`,
    );
  }
  if (code === notPermitted) {
    return new StoreError(
      'store_unavailable',
      `expected a role with select, insert, update and delete on the tables, found one without (${code}): grant them`,
    );
  }
  // Class 22: a value that the type cannot hold. Class 23: a constraint.
  if (/^2[23]/.test(code)) {
    return new StoreError(
      'store_unavailable',
      `expected PostgreSQL to take the values, found that it refuses them (${code})`,
    );
  }
  return new StoreError('store_unavailable', `expected PostgreSQL to answer, found an error (${code})`);
}

export function readOnlyCopy(): StoreError {
  return new StoreError(
    'store_read_only',
    'expected a PostgreSQL that takes writes, found a read-only copy (pg_is_in_recovery): connect to the primary',
  );
}

/** @param doing what was tried, as a sentence about the caller's data. */
export function noAnswer(timeoutMs: number): StoreError {
  return new StoreError(
    'store_unavailable',
    `expected PostgreSQL to answer within ${timeoutMs} ms, found none: the event may or may not be noted; report it again with the same id`,
  );
}
