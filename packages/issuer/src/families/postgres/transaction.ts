import { StoreError } from '../../outbox/store-error.ts';

interface Result {
  readonly rows: readonly unknown[];
  readonly rowCount?: number | null;
}

export interface PostgresQueries {
  query(text: string, values?: unknown[]): Promise<Result>;
}

/** A client of a pool; `release(true)` closes its connection. */
export interface PostgresClient extends PostgresQueries {
  release(destroy?: boolean): void;
}

/** The part of `Pool` of `pg` that is used. */
export interface PostgresPool extends PostgresQueries {
  connect(): Promise<PostgresClient>;
}

/** @throws StoreError with the error of `pg` as its `cause`. */
export async function query(target: PostgresQueries, text: string, values: readonly unknown[] = []): Promise<Result> {
  try {
    return await target.query(text, [...values]);
  } catch (cause) {
    throw new StoreError('store_unavailable', 'PostgreSQL did not answer a statement of the refresh families', {
      cause,
    });
  }
}

/** Commits when `work` resolves. When the answer of the commit is lost, so is the connection: it is never used again. */
export async function inTransaction<Value>(
  pool: PostgresPool,
  work: (tx: PostgresQueries) => Promise<Value>,
): Promise<Value> {
  const client = await connect(pool);
  let isClean = false;
  try {
    await query(client, 'begin');
    const value = await work(client);
    await query(client, 'commit');
    isClean = true;
    return value;
  } catch (error) {
    isClean = await rollBack(client);
    throw error;
  } finally {
    client.release(!isClean);
  }
}

async function connect(pool: PostgresPool): Promise<PostgresClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new StoreError('store_unavailable', 'PostgreSQL gave no connection', { cause });
  }
}

async function rollBack(client: PostgresClient): Promise<boolean> {
  try {
    await client.query('rollback');
    return true;
  } catch {
    return false; // the error of the work is the one to report
  }
}
