import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { createLifecycle, memoryStore } from '@revocast/issuer';
import { createVerifier } from '@revocast/middleware';
import { FakeClock, mintKey, mintToken, type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { retryRefresh } from '../../src/express/retry-refresh.ts';
import { redisRetryStore } from '../../src/express/retry-refresh-store.ts';
import { secretOf } from '../families/keys-of-test.ts';
import { audience, refresh, startProvider } from './token-endpoint.ts';

interface Answer {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
}

/** A server with one user who has just signed in. */
interface Subject {
  readonly refreshToken: string;
  refresh(refreshToken: string): Promise<Answer>;
  /** Waits until a refresh can no longer be repeated. */
  passGrace(): Promise<void>;
  /** Whether an API accepts an access token. */
  accepts(accessToken: string): Promise<boolean>;
}

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { commandTimeout: 2000 });
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function provider(handler?: Parameters<typeof startProvider>[0]): Promise<Subject> {
  const endpoint = await startProvider(handler);
  const log = await createPublisher('memory:');
  const jwks = { keys: [endpoint.publicJwk] };
  const verifier = createVerifier({ issuer: endpoint.issuer, audience, jwks, revocation: { feed: log } });
  opened.push(endpoint, log, verifier);
  await verifier.ready({ timeoutMs: 5000 });
  return {
    refreshToken: await endpoint.signIn(),
    async refresh(refreshToken) {
      const { body } = await refresh(endpoint, refreshToken);
      return { accessToken: body.access_token, refreshToken: body.refresh_token };
    },
    passGrace: async () => {
      await until(async () => (await redis.keys('revocast:retry:*')).length === 0, { what: 'kept answers to expire' });
    },
    accepts: async (token) =>
      (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).outcome === 'accepted',
  };
}

async function families(): Promise<Subject> {
  const issuer = 'https://login.example.com/';
  const clock = new FakeClock({ wallMs: Date.now() });
  const log = await createPublisher('memory:');
  const lifecycle = await createLifecycle({ issuer, log, store: memoryStore({ clock }) });
  const key = await mintKey('ES256', 'k1', true);
  const jwks = { keys: [key.publicJwk] };
  const verifier = createVerifier({ issuer, audience, jwks, revocation: { feed: log } });
  opened.push(log, lifecycle, verifier);
  await verifier.ready({ timeoutMs: 5000 });
  const tokens = lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
  const use = { client: 'shop', accessSeconds: 900 };
  return {
    refreshToken: (await tokens.open({ subject: 'alice', ...use })).refreshToken,
    async refresh(refreshToken) {
      const answer = await tokens.present(refreshToken, use);
      if (!answer.ok) return { accessToken: undefined, refreshToken: undefined };
      const iat = Math.min(answer.claims.iat, Math.floor(Date.now() / 1000));
      const accessToken = await mintToken(key, { ...answer.claims, iat }, { issuer, audience, expiresInSeconds: 900 });
      return { accessToken, refreshToken: answer.refreshToken };
    },
    passGrace: async () => void (await clock.advance(31_000)),
    async accepts(token) {
      const last = await log.revoke({ issuer, session: 'of no token', reason: 'logout' });
      await last.enforcedEverywhere();
      return (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).outcome === 'accepted';
    },
  };
}

const works = async (subject: Subject, { refreshToken }: Answer) =>
  refreshToken !== undefined && (await subject.refresh(refreshToken)).refreshToken !== undefined;

async function twoTabs(subject: Subject): Promise<string> {
  const [one, other] = await Promise.all([
    subject.refresh(subject.refreshToken),
    subject.refresh(subject.refreshToken),
  ]);
  const isFork =
    one.refreshToken !== other.refreshToken && one.refreshToken !== undefined && other.refreshToken !== undefined;
  const stay = [await works(subject, one), await works(subject, other)];
  if (stay.includes(false)) return 'signed out';
  return isFork ? 'a fork: theft stays hidden' : 'signed in';
}

async function lostAnswer(subject: Subject): Promise<string> {
  const lost = await subject.refresh(subject.refreshToken);
  const retried = await subject.refresh(subject.refreshToken);
  if (await works(subject, retried)) return 'signed in';
  return (await works(subject, lost)) ? 'refused' : 'signed out';
}

async function replay(subject: Subject): Promise<string> {
  const second = await subject.refresh(subject.refreshToken);
  const third = await subject.refresh(second.refreshToken ?? '');
  await subject.passGrace();
  const thief = await subject.refresh(subject.refreshToken);
  if (thief.accessToken !== undefined) return 'not found out';
  const ends = !(await works(subject, third));
  const dead = !(await subject.accepts(third.accessToken ?? ''));
  return `${ends ? 'found out' : 'refused'}, access tokens ${dead ? 'dead' : 'live on'}`;
}

it('what a user sees, with oidc-provider alone, behind retryRefresh, and with families', async () => {
  const subjects = {
    'oidc-provider alone': () => provider(),
    'behind retryRefresh': () => provider(retryRefresh({ store: redisRetryStore(redis), graceSeconds: 1 })),
    families,
  };
  const scenes = { 'two tabs at once': twoTabs, 'lost answer, retried': lostAnswer, 'replay after the grace': replay };
  const table: Record<string, Record<string, string>> = {};
  for (const [scene, play] of Object.entries(scenes)) {
    const row: Record<string, string> = {};
    for (const [name, create] of Object.entries(subjects)) row[name] = await play(await create());
    table[scene] = row;
  }
  process.stdout.write(`${printed(table)}\n`);
  expect(table).toEqual({
    'two tabs at once': {
      // Which of both depends on how the requests interleave.
      'oidc-provider alone': expect.stringMatching(/^(a fork: theft stays hidden|signed out)$/),
      'behind retryRefresh': 'signed in',
      families: 'signed in',
    },
    'lost answer, retried': {
      'oidc-provider alone': 'signed out',
      'behind retryRefresh': 'signed in',
      families: 'signed in',
    },
    'replay after the grace': {
      'oidc-provider alone': 'found out, access tokens live on',
      'behind retryRefresh': 'found out, access tokens live on',
      families: 'found out, access tokens dead',
    },
  });
});

function printed(table: Record<string, Record<string, string>>): string {
  const names = Object.keys(Object.values(table)[0] ?? {});
  const lines = [['', ...names], ...Object.entries(table).map(([scene, row]) => [scene, ...Object.values(row)])];
  return lines.map((cells) => cells.map((cell) => cell.padEnd(34)).join('')).join('\n');
}
