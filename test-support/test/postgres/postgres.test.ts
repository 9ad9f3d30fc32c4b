import { describe, expect, it } from '@jest/globals';
import { findPostgres, startPostgres } from '@revocast/test-support';
import pg from 'pg';

/** The binaries that `npm ci` has installed, even where another server is in PATH. */
const ofNpm = () => findPostgres({ env: {} });

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query(text);
    return rows[0];
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  it('starts the server that npm installs', async () => {
    const binaries = await ofNpm();
    expect(binaries.source).toBe('npm package');
    const server = await startPostgres({ binaries });
    try {
      expect(await ask(server.url, 'select 1 as one')).toEqual({ one: 1 });
    } finally {
      await server.stop();
    }
    expect(server.pid).toBeUndefined();
  });

  it('keeps its committed data when it is killed and restarted', async () => {
    const server = await startPostgres();
    try {
      await ask(server.url, 'create table kept as select 7 as value');
      await server.kill();
      await expect(ask(server.url, 'select 1')).rejects.toThrow();
      await server.restart();
      expect(await ask(server.url, 'select value from kept')).toEqual({ value: 7 });
    } finally {
      await server.stop();
    }
  });

  it('names the folder in which no server runs', async () => {
    const folder = new URL('.', import.meta.url).pathname;
    await expect(findPostgres({ env: { REVOCAST_POSTGRES_BIN: folder } })).rejects.toThrow(folder);
  });
});
