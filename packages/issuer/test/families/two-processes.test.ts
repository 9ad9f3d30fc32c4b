import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { createLifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { dieWithParent, type PostgresServer, startPostgres } from '@revocast/test-support';
import pg from 'pg';
import { secretOf } from './keys-of-test.ts';

/** `REVOCAST_REFRESH_ROUNDS=1000` for a thorough run. */
const rounds = Number(process.env['REVOCAST_REFRESH_ROUNDS'] ?? 25);
const script = fileURLToPath(new URL('./refresher.mjs', import.meta.url));
const secret = Buffer.from(secretOf('key 1')).toString('base64');

let server: PostgresServer;
let pool: pg.Pool;
const children: ChildProcess[] = [];

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => {});
  await postgresStore(pool).migrate();
  for (let count = 0; count < 2; count++) {
    const env = { ...process.env, REVOCAST_REFRESHER: JSON.stringify({ url: server.url, secret }) };
    const child = fork(script, [], { env, execArgv: [], detached: true });
    dieWithParent(child);
    children.push(child);
  }
  await Promise.all(children.map((child) => once(child, 'message')));
}, 60_000);

afterAll(async () => {
  await Promise.all(
    children.map(async (child) => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    }),
  );
  await pool?.end();
  await server?.stop();
});

interface Answer {
  readonly outcome: string;
  readonly refreshToken?: string;
}

async function ask(child: ChildProcess, token: string): Promise<Answer[]> {
  const answered = once(child, 'message');
  child.send(token);
  const [answers] = (await answered) as [Answer[]];
  return answers;
}

it('sixteen refreshes at once in two processes get one child, round after round', async () => {
  const log = await createPublisher('memory:');
  const lifecycle = await createLifecycle({ issuer: 'https://login.example.com/', log, store: postgresStore(pool) });
  const families = lifecycle.families({ keys: [{ id: 1, secret }] });
  const opened = await families.open({ subject: 'alice', client: 'shop', accessSeconds: 900 });
  let token = opened.refreshToken;
  for (let round = 0; round < rounds; round++) {
    const answers = (await Promise.all(children.map((child) => ask(child, token)))).flat();
    const outcomes = answers.map(({ outcome }) => outcome).sort();
    const tokens = new Set(answers.map(({ refreshToken }) => refreshToken));
    expect({ round, outcomes, tokens: tokens.size }).toEqual({
      round,
      outcomes: [...Array(15).fill('retried'), 'rotated'],
      tokens: 1,
    });
    token = answers[0]?.refreshToken ?? '';
  }
  expect(await families.list('alice')).toHaveLength(1);
  await lifecycle.close();
  await log.close();
}, 600_000);
