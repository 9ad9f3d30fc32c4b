import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Dimension } from '@revocast/denylist/replica';
import type { VerifierOptions } from '../../src/options/options.ts';
import { type ClaimName, profileNames, profiles } from '../../src/options/profiles.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { FakeFeed } from '../fake-feed.ts';
import { type IdentityProvider, identityProviders, type TokenShape } from '../fixtures/identity-providers.ts';
import { forge, forgeProof, publicJwk } from '../forge.ts';
import { reasonOf } from '../table-run.ts';
import { testDependencies } from '../test-dependencies.ts';
import { nowSeconds, usualClaims } from '../verification-table.ts';

const opened: Verifier[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

async function open({ profile, options }: IdentityProvider) {
  const dependencies = testDependencies();
  const feed = new FakeFeed(dependencies.clock);
  const jwks = { keys: [publicJwk('rsa')] };
  const verifier = composeVerifier(
    { ...options, profile, jwks, revocation: { feed } } as VerifierOptions,
    dependencies,
  );
  opened.push(verifier);
  await dependencies.clock.advance(0);
  const send = async (token: string) => {
    if (options.dpop === undefined) return verifier.verify({ headers: { authorization: `Bearer ${token}` } });
    const ath = hash('sha256', token, 'base64url');
    const proof = forgeProof({}, { htm: 'GET', htu: 'https://api.test/', iat: nowSeconds, ath });
    return verifier.verify({ headers: { authorization: `DPoP ${token}`, dpop: proof }, method: 'GET', url: '/' });
  };
  return { dependencies, feed, send };
}

/** All of the header but the kid, and all of the claims. */
function sign({ header, claims }: TokenShape): string {
  return forge({ header: { typ: undefined, ...header, kid: 'rsa' }, signer: 'rsa' }, claims);
}

describe.each(identityProviders.map((provider) => [provider.name, provider] as const))('%s', (_name, provider) => {
  const { access, values, scopes, others } = provider;
  const issuer = String(access.claims['iss']);

  it('accepts its access tokens, with the values that a revocation can name', async () => {
    const { send } = await open(provider);
    const decision = await send(sign(access));
    expect(decision).toMatchObject({
      outcome: 'accepted',
      auth: { issuer, subject: values.subject, clientId: values.client, scopes },
    });
    if (values.token !== undefined) expect(decision).toMatchObject({ auth: { tokenId: values.token } });
  });

  it.each(others.map(({ what, token, reason }) => [what, reason, token] as const))(
    'rejects %s: %s',
    async (_what, reason, token) => {
      const { send } = await open(provider);
      expect(reasonOf(await send(sign(token)))).toBe(reason);
    },
  );

  it.each(Object.entries(values) as [Dimension, string][])(
    'rejects its tokens after a revocation of their %s',
    async (dimension, value) => {
      const { send, feed, dependencies } = await open(provider);
      const token = sign(access);
      expect(await send(token)).toMatchObject({ outcome: 'accepted' });
      feed.deny({ dimension, issuer, value });
      await dependencies.clock.advance(0);
      expect(await send(token)).toMatchObject({ outcome: 'rejected', reason: `revoked_${dimension}` });
    },
  );
});

describe.each(['generic', 'auth0'] as const)('with the profile %s and the id of a client as audience', (profile) => {
  const client = 'client-of-the-spa';
  const claims = { iss: 'https://login.test/', sub: 'alice', aud: client, iat: usualClaims.iat, exp: usualClaims.exp };
  const send = async (header: object, changes: object) => {
    const options = { issuer: claims.iss, audience: client };
    const opened = await open({ ...identityProviders[0]!, profile, options });
    return reasonOf(
      await opened.send(sign({ header: { alg: 'RS256', ...header }, claims: { ...claims, ...changes } })),
    );
  };

  // OpenID Connect Core §2: only iss, sub, aud, exp and iat are required.
  it.each([
    ['a nonce', { nonce: 'n-0S6_WzA2Mj' }],
    ['a nonce and a scope', { nonce: 'n-0S6_WzA2Mj', scope: 'openid' }],
    ['azp', { azp: client }],
    ['several audiences and azp', { aud: [client, 'https://api.test'], azp: client }],
    ['the claims of a user', { name: 'Alice', email: 'alice@shop.test', sid: 's', auth_time: claims.iat }],
  ])('rejects an ID token with %s', async (_what, changes) => {
    expect([await send({ typ: 'JWT' }, changes), await send({ typ: 'jwt' }, changes)]).toEqual([
      'wrong_typ',
      'wrong_typ',
    ]);
  });

  it.each([
    ['a scope', { typ: 'JWT' }, { scope: 'orders:read', azp: client }],
    ['another client than the audience', { typ: 'JWT' }, { azp: 'another-client' }],
    ['typ at+jwt', { typ: 'at+jwt' }, { client_id: client }],
  ])('accepts an access token with %s', async (_what, header, changes) => {
    expect(await send(header, changes)).toBe('none');
  });
});

/** As an ID token with the fewest claims, and as an access token of an issuer that names no client. */
it.each([
  ['generic', 'none'],
  ['auth0', 'wrong_typ'],
] as const)(
  'with the profile %s, a token that names no client and no sign-in is answered with %s',
  async (profile, reason) => {
    const iss = 'https://login.test/';
    const claims = { iss, sub: 'alice', aud: 'api', iat: usualClaims.iat, exp: usualClaims.exp };
    const { send } = await open({ ...identityProviders[0]!, profile, options: { issuer: iss, audience: 'api' } });
    expect(reasonOf(await send(sign({ header: { alg: 'RS256', typ: 'JWT' }, claims })))).toBe(reason);
  },
);

describe('the fixtures', () => {
  it('include every profile', () => {
    expect(new Set(identityProviders.map(({ profile }) => profile))).toEqual(new Set(profileNames));
  });

  it('include every dimension for which a profile has a claim', () => {
    for (const name of profileNames) {
      const mapped = Object.entries<ClaimName>({ ...profiles[name].claimMap }).filter(([, claim]) => claim !== null);
      const shown = new Set(
        identityProviders.filter(({ profile }) => profile === name).flatMap(({ values }) => Object.keys(values)),
      );
      // These access tokens have a session id, or a grant, only where it is configured.
      const absent = { auth0: ['session'], okta: ['session'], generic: ['grant'] }[name as string] ?? [];
      expect([name, mapped.map(([dimension]) => dimension).filter((dimension) => !shown.has(dimension))]).toEqual([
        name,
        absent,
      ]);
    }
  });
});

const pages = profileNames.filter((name) => name !== 'rfc9068');

describe.each(pages)('docs/idp/%s.md', (name) => {
  const text = readFileSync(new URL(`../../../../docs/idp/${name}.md`, import.meta.url), 'utf8');

  it('names the profile, and the claim of each dimension', () => {
    expect(text).toContain(`profile: '${name}'`);
    for (const [dimension, claim] of Object.entries<ClaimName>({ ...profiles[name].claimMap })) {
      const shown = claim === null ? '–' : [claim].flat().join(', ');
      expect(text).toContain(`| ${dimension} | ${shown} | `);
    }
  });

  it('has the section about the callers of revoke()', () => {
    expect(text).toContain('| event | caller | revoke | how late |');
  });
});

it('a claim map keeps the claim of the profile for a member that is undefined', async () => {
  const { iss: issuer, aud: audience } = usualClaims;
  const options = {
    issuer,
    audience,
    claimMap: { subject: undefined, grant: 'gty' },
    jwks: { keys: [publicJwk('es')] },
  };
  const verifier = composeVerifier({ ...options, revocation: null }, testDependencies());
  opened.push(verifier);
  const authorization = `Bearer ${forge({}, usualClaims)}`;
  expect(await verifier.verify({ headers: { authorization } })).toMatchObject({
    outcome: 'accepted',
    auth: { subject: usualClaims.sub },
  });
});

describe('a claim map with alternatives', () => {
  const accepts = async (profile: string, claimMap: object, token: Parameters<typeof forge>[0]) => {
    const dependencies = testDependencies();
    const { iss: issuer, aud: audience } = usualClaims;
    const options = { issuer, audience, profile, claimMap, jwks: { keys: [publicJwk('es')] }, revocation: null };
    const verifier = composeVerifier(options as VerifierOptions, dependencies);
    opened.push(verifier);
    const authorization = `Bearer ${forge(token, usualClaims)}`;
    return reasonOf(await verifier.verify({ headers: { authorization } }));
  };
  const azp = { client_id: undefined, azp: 'app' };

  it('changes which claim the profile requires', async () => {
    expect(await accepts('rfc9068', {}, { claims: azp })).toBe('missing_claim');
    expect(await accepts('rfc9068', { client: ['client_id', 'azp'] }, { claims: azp })).toBe('none');
    expect(await accepts('rfc9068', { client: 'azp' }, { claims: azp })).toBe('none');
    expect(await accepts('rfc9068', { client: ['client_id', 'azp'] }, { claims: { client_id: undefined } })).toBe(
      'missing_claim',
    );
    expect(await accepts('rfc9068', { token: 'uti' }, { claims: { jti: undefined, uti: 'u' } })).toBe('none');
  });

  it('takes null and the next alternative', async () => {
    const claims = { client_id: null, azp: 'app' };
    expect(await accepts('rfc9068', { client: ['client_id', 'azp'] }, { claims })).toBe('none');
  });

  it('removes no requirement where the claim is null', async () => {
    expect(await accepts('okta', { client: null }, { header: { typ: undefined }, claims: {} })).toBe('missing_claim');
  });

  it('accepts no ID token where the claim that distinguishes it has an alternative', async () => {
    const idToken = { header: { typ: undefined }, claims: { client_id: undefined, azp: 'https://api.test' } };
    expect(await accepts('okta', { client: ['cid', 'azp'] }, idToken)).toBe('wrong_typ');
    const access = { header: { typ: undefined }, claims: { client_id: undefined, azp: 'app', scp: ['read'] } };
    expect(await accepts('okta', { client: ['cid', 'azp'] }, access)).toBe('none');
  });
});
