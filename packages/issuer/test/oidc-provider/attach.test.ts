import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { createLifecycle, type Lifecycle, memoryStore } from '@revocast/issuer';
import { attach, claimsOf } from '@revocast/issuer/oidc-provider';
import { Provider } from 'oidc-provider';
import { Browser, claimsIn, redirectUri } from './browser.ts';
import { startServer } from './server.ts';

const issuer = 'https://login.example.com';
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function openLifecycle(options: object = {}): Promise<Lifecycle> {
  const log = await createPublisher('memory:');
  const lifecycle = await createLifecycle({ issuer, log, store: memoryStore(), ...options });
  opened.push(log, lifecycle);
  return lifecycle;
}

const pairwiseOf = (account: string): string => createHash('sha256').update(`shop ${account}`).digest('hex');
const pairwise = {
  subjectTypes: ['pairwise'],
  pairwiseIdentifier: (_context: unknown, account: string) => pairwiseOf(account),
};

describe('given pairwise subjects', () => {
  it('refuses a lifecycle that cannot map an account to them', async () => {
    const lifecycle = await openLifecycle();
    expect(() => attach(new Provider(issuer, pairwise), lifecycle)).toThrow(/^subjectsOf: expected a function/);
  });

  it('refuses a provider that allows them beside public subjects', async () => {
    const lifecycle = await openLifecycle();
    const provider = new Provider(issuer, { ...pairwise, subjectTypes: ['public', 'pairwise'] });
    expect(() => attach(provider, lifecycle)).toThrow(/^subjectsOf: /);
  });

  it('ends the tokens of an account by its pairwise subjects', async () => {
    const clients = [
      {
        client_id: 'shop',
        token_endpoint_auth_method: 'none',
        redirect_uris: [redirectUri],
        id_token_signed_response_alg: 'ES256',
        subject_type: 'pairwise',
      },
    ];
    await using server = await startServer({
      configuration: { ...pairwise, clients },
      lifecycle: { subjectsOf: (account) => [pairwiseOf(account)] },
    });
    const { accessToken } = await new Browser(server.issuer).login('alice');
    expect(claimsIn(accessToken)['sub']).toBe(pairwiseOf('alice'));
    await server.lifecycle.report({ type: 'password_changed', subject: 'alice' });
    expect(await server.call(accessToken)).toBe(401);
  });

  it('notes nothing when the account has no subject', async () => {
    const lifecycle = await openLifecycle({ subjectsOf: () => [] });
    const reported = lifecycle.report({ type: 'password_changed', subject: 'alice' });
    await expect(reported).rejects.toThrow(/^subjectsOf: expected it to return 1–1000 subjects/);
  });
});

describe('given public subjects only', () => {
  it('needs no mapping', async () => {
    const lifecycle = await openLifecycle();
    expect(() => attach(new Provider(issuer, {}), lifecycle)).not.toThrow();
  });
});

describe('given a provider that is attached', () => {
  it('refuses a second call, which would report every end twice', async () => {
    const lifecycle = await openLifecycle();
    const provider = new Provider(issuer, {});
    attach(provider, lifecycle);
    expect(() => attach(provider, lifecycle)).toThrow(/^provider: expected one call of attach/);
  });
});

describe('given wrong options', () => {
  it.each([
    ['a misspelt name', { waitMS: 5 }, /^waitMS: expected one of waitMs, sid, keys; did you mean waitMs\?$/],
    ['a wait that is too long', { waitMs: 60_001 }, /^waitMs: /],
    ['an unknown form of sid', { sid: 'user' }, /^sid: expected one of session, client/],
    ['keys over plain http', { keys: 'http://keys.example.com/jwks' }, /^keys: expected a key set, or its https URL/],
    ['an empty key set', { keys: { keys: [] } }, /^keys: expected \{ keys \} with 1–100 JWKs/],
  ])('refuses %s', async (_name, options, message) => {
    const lifecycle = await openLifecycle();
    expect(() => attach(new Provider(issuer, {}), lifecycle, options as object)).toThrow(message);
  });
});

describe('claimsOf', () => {
  it('refuses a provider that was not attached, because nothing would report the ends of its sessions', () => {
    const context = { oidc: { provider: new Provider(issuer, {}) } };
    expect(() => claimsOf(context, { grantId: 'g' })).toThrow(
      /^extraTokenClaims: expected a provider for which attach/,
    );
  });

  it('adds nothing to a token without a grant, as of client credentials', () => {
    expect(claimsOf(undefined, { clientId: 'batch' })).toEqual({});
  });
});
