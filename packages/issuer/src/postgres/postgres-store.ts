import { ConfigurationError } from '@revocast/denylist';
import { checkOptions, checkWholeNumber, systemClock } from '@revocast/denylist/replica';
import { PostgresFamilies } from '../families/postgres/postgres-families.ts';
import { familySchema } from '../families/postgres/schema.ts';
import type { LifecycleStore } from '../lifecycle/lifecycle-store.ts';
import type { PgPool } from './pg.ts';
import { PostgresOutbox } from './postgres-outbox.ts';
import { lockSpace, outboxSchema, tableIn } from './schema.ts';
import { storeErrorOf } from './store-errors.ts';

export interface PostgresStoreOptions {
  /** The schema of the tables. Default: the first one of `search_path` that has them. */
  readonly schema?: string | undefined;
  /**
   * Listens for rows that other processes add, default true. False behind a pooler of transactions (PgBouncer): rows are then
   * found by a poll, within 250 ms.
   */
  readonly listen?: boolean | undefined;
  /** The longest wait for an answer of PostgreSQL, 100–60,000 ms, default 5000. */
  readonly timeoutMs?: number | undefined;
}

/** A store in PostgreSQL 13 or later. */
export interface PostgresStore extends LifecycleStore {
  /** Makes the tables and their indexes, where they do not exist. @throws StoreError */
  migrate(): Promise<void>;
  /** The statements of `migrate`, for your own tool. */
  readonly schemaStatements: string;
}

/**
 * Keeps what is pending in the table `revocast_outbox`, and refresh families in `revocast_family`.
 *
 * @param pool a `Pool` of `pg` 8; it stays yours. The worker keeps one of its connections: close the lifecycle before the pool.
 * @throws ConfigurationError
 */
export function postgresStore(pool: PgPool, options: PostgresStoreOptions = {}): PostgresStore {
  if (typeof pool?.connect !== 'function' || typeof pool.query !== 'function') {
    throw new ConfigurationError('pool', 'expected a Pool of pg, found another value');
  }
  checkOptions('postgresStore', options, ['schema', 'listen', 'timeoutMs']);
  const { schema, listen = true, timeoutMs = 5000 } = options;
  if (typeof listen !== 'boolean') throw new ConfigurationError('listen', 'expected true or false');
  checkWholeNumber('timeoutMs', timeoutMs, { least: 100, most: 60_000, unit: 'ms' });
  const table = tableIn(schema, 'revocast_outbox');
  const familyTable = tableIn(schema, 'revocast_family');
  const schemaStatements = outboxSchema(table) + familySchema(familyTable);
  return {
    outbox: new PostgresOutbox({ pool, table, listens: listen, timeoutMs, clock: systemClock }),
    families: new PostgresFamilies({ pool, table: familyTable, timeoutMs, clock: systemClock }),
    schemaStatements,
    async migrate() {
      try {
        // One transaction: two processes that make the table at the same time would fail.
        await pool.query(`select pg_advisory_xact_lock(${lockSpace}, 0);\n${schemaStatements}`);
      } catch (error) {
        throw storeErrorOf(error);
      }
    },
  };
}
