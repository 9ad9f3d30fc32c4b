import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createVerifier, type ProfileName, protect, reasons, requireScope, type Verifier } from '@revocast/middleware';
import express from 'express';
import request from 'supertest';
import { badTokenReasons } from '../src/bad-tokens.ts';
import { createTestKit, type TestKit, type TestKitOptions, toBeRefused } from '../src/index.ts';
import { isTestProfile, type TestProfile, testProfiles } from '../src/token-shapes.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0).reverse()) await close();
});

async function openKit(options: TestKitOptions = {}): Promise<TestKit> {
  const kit = await createTestKit(options);
  opened.push(kit);
  return kit;
}

function openVerifier(options: Parameters<typeof createVerifier>[0]): Verifier {
  const verifier = createVerifier(options);
  opened.push(verifier);
  return verifier;
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

async function reasonOf(verifier: Verifier, token: string): Promise<string> {
  const decision = await verifier.verify(bearer(token));
  return decision.outcome === 'accepted' ? 'none' : decision.reason;
}

const profilesOfMiddleware = {
  rfc9068: true,
  generic: true,
  keycloak: true,
  auth0: true,
  okta: true,
  entra: true,
  cognito: true,
} satisfies Record<ProfileName, true>;
const everyProfile = Object.keys(profilesOfMiddleware).filter(isTestProfile);

it('has a form of tokens for each profile of the middleware', () => {
  expect([...testProfiles].sort()).toEqual(Object.keys(profilesOfMiddleware).sort());
});

it('has a bad token for each reason that a token alone can cause', () => {
  const others =
    /^(missing_token|unsupported_scheme|malformed_request|multiple_tokens|revoked_.*|dpop_.*|step_up_required|insufficient_scope|.*_throttled|.*_unavailable|internal_error)$/;
  expect([...badTokenReasons].sort()).toEqual(reasons.filter((reason) => !others.test(reason)).sort());
});

describe.each(everyProfile)('a kit of the profile %s', (profile) => {
  it('makes tokens that its options accept, with the values that a revocation names', async () => {
    const kit = await openKit({ profile });
    const verifier = openVerifier(kit.options);
    await kit.ready();
    const token = kit.token({ subject: 'alice', scopes: ['orders:read'] });
    expect(await verifier.verify(bearer(token))).toMatchObject({
      outcome: 'accepted',
      auth: {
        subject: 'alice',
        clientId: profile === 'cognito' ? kit.options.audience : 'shop-web',
        scopes: ['orders:read'],
      },
    });
    await kit.revoke({ subject: 'alice' });
    expect(await reasonOf(verifier, token)).toBe('revoked_subject');
  });

  it('makes a token that is rejected for each reason', async () => {
    const kit = await openKit({ profile });
    const verifier = openVerifier(kit.options);
    await kit.ready();
    const found: string[] = [];
    for (const reason of badTokenReasons) found.push(await reasonOf(verifier, kit.badToken(reason)));
    expect(found).toEqual(badTokenReasons);
  });

  it.each(namesOf(profile))('revokes a %s', async (name) => {
    const kit = await openKit({ profile });
    const verifier = openVerifier(kit.options);
    await kit.ready();
    const token = kit.token({ [name]: 'value-1' });
    expect(await reasonOf(verifier, token)).toBe('none');
    await kit.revoke({ [name === 'tokenId' ? 'token' : name]: 'value-1' } as never);
    expect(await reasonOf(verifier, token)).toBe(`revoked_${name === 'tokenId' ? 'token' : name}`);
  });
});

/** What a token of a profile can name. */
function namesOf(profile: TestProfile): readonly ('tokenId' | 'session' | 'grant' | 'client' | 'tenant')[] {
  return (['tokenId', 'session', 'grant', 'client', 'tenant'] as const).filter((name) => {
    if (name === 'session') return profile !== 'cognito';
    if (name === 'grant') return ['rfc9068', 'generic', 'cognito'].includes(profile);
    return name !== 'tenant' || ['auth0', 'entra'].includes(profile);
  });
}

function failureOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

/** Every sequence of the names of this length. */
function sequencesOf<Name>(names: readonly Name[], length: number): readonly (readonly Name[])[] {
  if (length === 0) return [[]];
  return sequencesOf(names, length - 1).flatMap((start) => names.map((name) => [...start, name]));
}

describe('a kit', () => {
  it('refuses a value that the tokens of its profile do not have', async () => {
    const kit = await openKit({ profile: 'cognito' });
    expect(() => kit.token({ session: 's1' })).toThrow('session: expected none: access tokens of the profile cognito');
  });

  it('refuses an unknown option, profile and reason', async () => {
    await expect(createTestKit({ audiense: 'x' } as never)).rejects.toThrow('did you mean audience?');
    await expect(createTestKit({ profile: 'ping' as never })).rejects.toThrow('profile: expected one of rfc9068');
    const kit = await openKit();
    expect(() => kit.token({ sub: 'alice' } as never)).toThrow('unknown option "sub"');
    expect(() => kit.badToken('expire' as never)).toThrow('reason: expected one of malformed_token');
  });

  it.each([
    [{ issuer: null }, 'issuer'],
    [{ audience: null }, 'audience'],
    [{ audience: '' }, 'audience'],
    [null, 'createTestKit'],
  ])('refuses the options %j of a kit', async (options, option) => {
    await expect(createTestKit(options as never)).rejects.toMatchObject({ name: 'ConfigurationError', option });
  });

  it.each([
    [{ expiresIn: 'x' }, 'expiresIn'],
    [{ expiresIn: 0 }, 'expiresIn'],
    [{ expiresIn: 1.5 }, 'expiresIn'],
    [{ issuedAt: 'now' }, 'issuedAt'],
    [{ issuedAt: -1 }, 'issuedAt'],
    [{ subject: 5 }, 'subject'],
    [{ subject: null }, 'subject'],
    [{ session: '' }, 'session'],
    [{ scopes: 'orders:read' }, 'scopes'],
    [{ scopes: ['orders:read orders:write'] }, 'scopes'],
    [{ scopes: [5] }, 'scopes'],
    [{ claims: null }, 'claims'],
    [{ header: 'none' }, 'header'],
    [null, 'token'],
  ])('refuses the options %j of a token', async (options, option) => {
    const kit = await openKit();
    for (const make of [() => kit.token(options as never), () => kit.badToken('expired', options as never)]) {
      expect(failureOf(make)).toMatchObject({ name: 'ConfigurationError', option });
    }
  });

  it.each([
    [{ host: 5 }, 'host'],
    [{ publicHost: '' }, 'publicHost'],
    [{ port: 65_536 }, 'port'],
    [{ port: '80' }, 'port'],
  ])('refuses the options %j of a server', async (options, option) => {
    const kit = await openKit();
    await expect(kit.listen(options as never)).rejects.toMatchObject({ name: 'ConfigurationError', option });
  });

  it('refuses to revoke and to lift for another issuer', async () => {
    const kit = await openKit();
    const statement = { session: 's1', issuer: 'https://another.example/' };
    for (const answer of [kit.revoke(statement), kit.lift(statement), kit.revoke(undefined as never)]) {
      await expect(answer).rejects.toMatchObject({ name: 'ConfigurationError' });
    }
  });

  it('accepts, revokes and rejects over HTTP a thousand times', async () => {
    const kit = await openKit();
    const app = express().use(protect(kit.options));
    app.get('/', (_request, response) => void response.end());
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    opened.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const statuses = new Map<string, number>();
    for (let count = 0; count < 1000; count++) {
      const authorization = `Bearer ${kit.token({ session: `s${count}` })}`;
      const before = (await fetch(url, { headers: { authorization } })).status;
      await kit.revoke({ session: `s${count}` });
      const after = (await fetch(url, { headers: { authorization } })).status;
      const seen = `${before} ${after}`;
      statuses.set(seen, (statuses.get(seen) ?? 0) + 1);
    }
    expect([...statuses]).toEqual([['200 401', 1000]]);
    // A thousand revocations on a busy machine.
  }, 180_000);

  it('accepts the first request of a new application', async () => {
    const kit = await openKit();
    const statuses: number[] = [];
    for (let count = 0; count < 100; count++) {
      const app = express().use(protect({ ...kit.options, realm: `app-${count}` }));
      app.get('/', (_request, response) => void response.end());
      statuses.push((await request(app).get('/').set(bearer(kit.token()).headers)).status);
    }
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  it('refuses to revoke where nothing follows', async () => {
    const kit = await openKit();
    await expect(kit.revoke({ session: 's1' })).rejects.toThrow('no verifier follows the test kit');
    await expect(kit.ready()).rejects.toThrow('no verifier follows the test kit');
  });

  it('waits for a verifier that fails open, and for one with a look-up', async () => {
    const kit = await openKit();
    const { feed } = kit.options.revocation;
    const verifier = openVerifier({ ...kit.options, revocation: { feed, whenUnknown: 'accept' } });
    await kit.ready();
    await kit.revoke({ session: 's1' });
    expect(await reasonOf(verifier, kit.token({ session: 's1' }))).toBe('revoked_session');
  });

  it('ends a block', async () => {
    const kit = await openKit();
    const verifier = openVerifier(kit.options);
    await kit.revoke({ subject: 'mallory', block: true });
    expect(await reasonOf(verifier, kit.token({ subject: 'mallory' }))).toBe('revoked_subject');
    await kit.lift({ subject: 'mallory' });
    expect(await reasonOf(verifier, kit.token({ subject: 'mallory' }))).toBe('none');
  });

  it('begins and ends an outage at once', async () => {
    const kit = await openKit();
    const verifier = openVerifier(kit.options);
    await kit.ready();
    await kit.revoke({ session: 'before' });
    const token = kit.token();
    const seen: string[] = [];
    for (let count = 0; count < 5; count++) {
      await kit.outage();
      seen.push(await reasonOf(verifier, token), await reasonOf(verifier, kit.token({ session: 'before' })));
      await kit.recover();
      seen.push(await reasonOf(verifier, token));
    }
    expect(new Set(seen)).toEqual(new Set(['denylist_unavailable', 'revoked_session', 'none']));
    expect(seen.slice(0, 3)).toEqual(['denylist_unavailable', 'revoked_session', 'none']);
  });

  it('works with fake timers, and is fresh after a jump of the clock once it has recovered', async () => {
    jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
    try {
      const kit = await openKit();
      const verifier = openVerifier(kit.options);
      await kit.ready();
      const token = kit.token({ session: 's1', expiresIn: 600 });
      await kit.revoke({ session: 's2' });
      expect(await reasonOf(verifier, token)).toBe('none');
      jest.setSystemTime(Date.UTC(2030, 0, 1, 1));
      await kit.outage();
      await kit.recover();
      expect(await reasonOf(verifier, token)).toBe('expired');
      expect(await reasonOf(verifier, kit.token({ session: 's1' }))).toBe('none');
      expect(await reasonOf(verifier, kit.token({ session: 's2' }))).toBe('revoked_session');
    } finally {
      jest.useRealTimers();
    }
  });

  it('refuses to revoke during an outage', async () => {
    const kit = await openKit();
    openVerifier(kit.options);
    await kit.ready();
    await kit.outage();
    await expect(kit.revoke({ session: 's1' })).rejects.toThrow('call recover() first');
  });

  it('is in the state of the last call, in whatever order calls without await were made', async () => {
    const kit = await openKit();
    const verifiers = [openVerifier(kit.options), openVerifier({ ...kit.options, realm: 'second' })];
    await kit.ready();
    const calls = {
      outage: () => kit.outage(),
      recover: () => kit.recover(),
      revoke: () => kit.revoke({ session: 'revoked' }),
    };
    const names = ['outage', 'recover', 'revoke'] as const;
    for (const order of sequencesOf(names, 4)) {
      await Promise.allSettled(order.map((name) => calls[name]()));
      const last = order.filter((name) => name !== 'revoke').at(-1);
      if (last === undefined) continue;
      for (const verifier of verifiers) {
        const found = `${order}: ${await reasonOf(verifier, kit.token())}`;
        expect(found).toBe(`${order}: ${last === 'outage' ? 'denylist_unavailable' : 'none'}`);
      }
    }
  });

  it('revokes before an outage that was requested after it', async () => {
    const kit = await openKit();
    const verifier = openVerifier(kit.options);
    await kit.ready();
    await Promise.all([kit.revoke({ session: 's1' }), kit.outage()]);
    expect(await reasonOf(verifier, kit.token({ session: 's1' }))).toBe('revoked_session');
    expect(await reasonOf(verifier, kit.token())).toBe('denylist_unavailable');
  });

  it('does nothing after it is closed but make tokens', async () => {
    const kit = await openKit();
    openVerifier(kit.options);
    await kit.ready();
    const begun = kit.listen();
    await Promise.all([kit.close(), kit.close()]);
    for (const answer of [
      begun,
      kit.listen(),
      kit.revoke({ session: 's1' }),
      kit.outage(),
      kit.recover(),
      kit.ready(),
    ]) {
      await expect(answer).rejects.toThrow('the test kit is closed');
    }
    expect(kit.token()).toMatch(/^ey/);
  });

  it('lets a verifier be closed during an outage', async () => {
    const kit = await openKit();
    const verifier = createVerifier(kit.options);
    await kit.ready();
    await kit.outage();
    await verifier.close();
    await kit.recover();
  });
});

describe('the matcher toBeRefused', () => {
  it('compares the reason of the body', async () => {
    const kit = await openKit();
    const app = express().use(protect(kit.options));
    app.get('/', requireScope('orders:read'), (_request, response) => void response.end());
    const answer = await request(app).get('/').set(bearer(kit.token()).headers);
    expect(toBeRefused(answer, 'insufficient_scope').pass).toBe(true);
    const other = toBeRefused(answer, 'expired');
    expect([other.pass, other.message()]).toEqual([
      false,
      'expected reason expired, found status 403 and reason insufficient_scope',
    ]);
    expect(toBeRefused({ status: 200, body: {} }, 'expired').pass).toBe(false);
    expect(toBeRefused(undefined, 'expired').pass).toBe(false);
  });
});
