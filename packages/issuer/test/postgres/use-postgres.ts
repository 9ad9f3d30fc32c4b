import { afterAll, beforeAll } from '@jest/globals';
import { postgresStore } from '@revocast/issuer/postgres';
import { type PostgresServer, startPostgres } from '@revocast/test-support';
import pg from 'pg';

/** A PostgreSQL with the tables of a store, for the tests of one file. */
export interface TestDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  /** Closes it before the pool, which would wait for its connections. */
  closeFirst<Opened extends { close(): unknown }>(opened: Opened): Opened;
}

/** Call it at the top of a file. @param max connections of the pool. */
export function usePostgres({ max = 10 }: { readonly max?: number } = {}): TestDatabase {
  let server: PostgresServer;
  let pool: pg.Pool;
  const opened: { close(): unknown }[] = [];
  beforeAll(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url, max });
    // A connection that is being closed may still report that the server stops.
    pool.on('error', () => {});
    await postgresStore(pool).migrate();
  }, 60_000);
  afterAll(async () => {
    for (const each of opened.reverse()) await each.close();
    await pool?.end();
    await server?.stop();
  });
  return {
    get url() {
      return server.url;
    },
    get pool() {
      return pool;
    },
    closeFirst(each) {
      opened.push(each);
      return each;
    },
  };
}
