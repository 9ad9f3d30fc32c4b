import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, type PostgresServer, startPostgres } from '@revocast/test-support';

const run = promisify(execFile);
// The packages are imported as they are built, which `npm test` does before.
const cwd = fileURLToPath(new URL('..', import.meta.url));
const preamble = `
  import { createLifecycle, memoryStore } from '@revocast/issuer';
  import { postgresStore } from '@revocast/issuer/postgres';
  import { Pool } from 'pg';
  const issuer = 'https://login.example.com/';
  const event = { type: 'session_ended', session: 's' };
`;

/** Runs a module until it ends by itself. @returns what it printed. */
async function untilItEnds(source: string): Promise<string> {
  const args = ['--input-type=module', '--eval', preamble + source];
  const { stdout } = await run(process.execPath, args, { cwd, timeout: 20_000 });
  return stdout.trim();
}

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

/** A pool whose idle connections do not keep the process alive; by default those of \`pg\` do, for ten seconds. */
const openPool = () => `
  const pool = new Pool({ connectionString: '${postgres.url}', allowExitOnIdle: true });
  const store = postgresStore(pool);
  await store.migrate();
`;

describe('a process with a lifecycle that is not closed', () => {
  it('ends by itself when its worker is idle, with a store in memory', async () => {
    const source = `
      const lifecycle = await createLifecycle({ issuer, log: 'memory:', store: memoryStore() });
      console.log((await lifecycle.report(event)).state);
    `;
    expect(await untilItEnds(source)).toBe('logged');
  });

  it('ends by itself when its worker is idle, with PostgreSQL', async () => {
    const source = `
      ${openPool()}
      const lifecycle = await createLifecycle({ issuer, log: 'memory:', store });
      console.log((await lifecycle.report(event)).state);
    `;
    expect(await untilItEnds(source)).toBe('logged');
  });

  it.each(['memory', 'PostgreSQL'])('stays alive until a report is answered, with %s', async (kind) => {
    const source = `
      ${kind === 'memory' ? 'const store = memoryStore();' : openPool()}
      const lifecycle = await createLifecycle({ issuer, log: 'redis://127.0.0.1:${await freePort()}', store });
      console.log((await lifecycle.report(event, { waitMs: 700 })).state);
    `;
    expect(await untilItEnds(source)).toBe('pending');
  });

  it('ends after close, with what is pending left in the store', async () => {
    const source = `
      ${openPool()}
      const lifecycle = await createLifecycle({ issuer, log: 'redis://127.0.0.1:${await freePort()}', store });
      await lifecycle.report(event, { waitMs: 0 });
      await lifecycle.close();
      await pool.end();
      console.log('closed');
    `;
    expect(await untilItEnds(source)).toBe('closed');
  });
});
