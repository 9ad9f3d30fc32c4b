import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createLifecycle, type Lifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { type PostgresServer, startPostgres, until } from '@revocast/test-support';
import pg from 'pg';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';

const issuer = 'https://login.example.com/';
const subjects = ['alice', 'bob', 'carol'];

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

let pool: pg.Pool;
let log: RecordedLog;
let processes: readonly Lifecycle[];
beforeEach(async () => {
  pool = new pg.Pool({ connectionString: server.url, max: 20 });
  pool.on('error', () => {});
  await postgresStore(pool).migrate();
  log = await recordedLog();
});
afterEach(async () => {
  await Promise.all(processes.map((each) => each.close()));
  await log.close();
  await pool.end();
});

it.each([true, false])(
  'logs the events of a subject in order, by any of four processes (listen: %s)',
  async (listen) => {
    processes = await Promise.all(
      Array.from({ length: 4 }, () => createLifecycle({ issuer, log, store: postgresStore(pool, { listen }) })),
    );
    const rounds = 40;
    // Each subject is disabled and enabled in turn, each time reported to another process.
    for (let round = 0; round < rounds; round += 1) {
      const type = round % 2 === 0 ? 'user_disabled' : 'user_enabled';
      const lifecycle = processes[round % processes.length];
      await Promise.all(subjects.map((subject) => lifecycle?.report({ type, subject }, { waitMs: 0 })));
    }
    await until(() => log.written.length === rounds * subjects.length, { what: 'every event to be logged' });
    for (const subject of subjects) {
      const kinds = log.written.filter(({ about }) => 'subject' in about && about.subject === subject);
      const expected = Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? 'revoke' : 'lift'));
      expect({ subject, kinds: kinds.map(({ kind }) => kind) }).toEqual({ subject, kinds: expected });
    }
  },
);
