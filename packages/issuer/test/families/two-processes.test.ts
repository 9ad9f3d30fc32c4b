import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { createLifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { dieWithParent } from '@revocast/test-support';
import { usePostgres } from '../postgres/use-postgres.ts';
import { secretOf } from './keys-of-test.ts';

/** `REVOCAST_REFRESH_ROUNDS=1000` for a thorough run. */
const rounds = Number(process.env['REVOCAST_REFRESH_ROUNDS'] ?? 25);
const script = fileURLToPath(new URL('./refresher.mjs', import.meta.url));
const secret = Buffer.from(secretOf('key 1')).toString('base64');

const database = usePostgres();
const children: ChildProcess[] = [];

beforeAll(async () => {
  for (let count = 0; count < 2; count++) {
    const env = { ...process.env, REVOCAST_REFRESHER: JSON.stringify({ url: database.url, secret }) };
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
});

interface Answer {
  readonly outcome: string;
  readonly refreshToken?: string;
}

async function ask(child: ChildProcess, token: string, times: number): Promise<Answer[]> {
  const answered = once(child, 'message');
  child.send({ token, times });
  const [answers] = (await answered) as [Answer[]];
  return answers;
}

/** The families of this process, on the same database. */
async function openFamilies() {
  const log = await createPublisher('memory:');
  const lifecycle = await createLifecycle({
    issuer: 'https://login.example.com/',
    log,
    store: postgresStore(database.pool),
  });
  const families = lifecycle.families({ keys: [{ id: 1, secret }] });
  return {
    families,
    async close() {
      await lifecycle.close();
      await log.close();
    },
  };
}

it('sixteen refreshes at once in two processes get one child, round after round', async () => {
  const { families, close } = await openFamilies();
  const opened = await families.open({ subject: 'alice', client: 'shop', accessSeconds: 900 });
  let token = opened.refreshToken;
  for (let round = 0; round < rounds; round++) {
    const answers = (await Promise.all(children.map((child) => ask(child, token, 8)))).flat();
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
  await close();
}, 600_000);

it('a refresh whose answer was lost gets the same child from the other process', async () => {
  const { families, close } = await openFamilies();
  const opened = await families.open({ subject: 'bob', client: 'shop', accessSeconds: 900 });
  let token = opened.refreshToken;
  for (let round = 0; round < rounds; round++) {
    const [first, other] = round % 2 === 0 ? children : children.toReversed();
    const [lost] = await ask(first!, token, 1);
    const [again] = await ask(other!, token, 1);
    expect({ round, lost: lost?.outcome, again }).toEqual({
      round,
      lost: 'rotated',
      again: { outcome: 'retried', refreshToken: lost?.refreshToken },
    });
    token = again?.refreshToken ?? '';
  }
  expect(await families.list('bob')).toHaveLength(1);
  await close();
}, 600_000);
