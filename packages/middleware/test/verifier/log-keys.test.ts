import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { forge, publicJwk } from '../forge.ts';
import { testDependencies } from '../test-dependencies.ts';
import { audience, issuer, usualClaims } from '../verification-table.ts';

const opened: Verifier[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

const authorization = `Bearer ${forge({}, usualClaims)}`;
const metadata = `${issuer}.well-known/openid-configuration`;
const json = (value: unknown) => new Response(JSON.stringify(value));

function open(fetch: typeof globalThis.fetch, options = {}) {
  const dependencies = testDependencies({ fetch });
  const verifier = composeVerifier({ issuer, audience, revocation: null, ...options }, dependencies);
  dependencies.lines.length = 0;
  opened.push(verifier);
  return { dependencies, verifier };
}

describe('an issuer whose keys cannot be loaded', () => {
  const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED', message: 'secret' } });
  const expiredCertificate = Object.assign(new TypeError('x'), { cause: { code: 'CERT_HAS_EXPIRED' } });
  const fail = (error: Error) => async () => {
    throw error;
  };

  it('is logged once, with URL, cause, effect and fix, and again when it is reached', async () => {
    let isDown = true;
    const { dependencies, verifier } = open(async (url) => {
      if (isDown) throw refused;
      return json(String(url) === metadata ? { issuer, jwks_uri: `${issuer}jwks` } : { keys: [publicJwk('es')] });
    });
    for (let count = 0; count < 8; count += 1) {
      expect(await verifier.verify({ headers: { authorization } })).toMatchObject({ reason: 'jwks_unavailable' });
      await dependencies.clock.advance(3000);
    }
    expect(dependencies.lines).toEqual([
      `revocast: cannot load the keys of issuer issuer.test from ${metadata}: no connection (ECONNREFUSED); ` +
        'keys that are held stay in use up to `keySet.hardAgeMs`, and without them requests are answered 503; ' +
        'check name, firewall and proxy between this process and that host',
    ]);
    isDown = false;
    await dependencies.clock.advance(60_000);
    expect(await verifier.verify({ headers: { authorization } })).toMatchObject({ outcome: 'accepted' });
    expect(dependencies.lines.slice(1)).toEqual(['revocast: the keys of issuer issuer.test are loaded']);
  });

  it.each<[string, typeof globalThis.fetch, RegExp]>([
    ['an expired certificate', fail(expiredCertificate), /CERT_HAS_EXPIRED.*NODE_EXTRA_CA_CERTS/],
    ['a status', async () => new Response('', { status: 404 }), /\(status 404\).*`jwksUri`/],
    ['another issuer', async () => json({ issuer: 'https://other.test/' }), /another issuer.*character by character/],
    ['metadata without keys', async () => json({ issuer }), /metadata without `jwks_uri`/],
    ['no JSON', async () => new Response('<html>'), /no JSON.*a sign-in page/],
    [
      'an answer that never comes',
      () => new Promise<never>(() => {}),
      /from https:\/\/issuer\.test\/.*no answer in time/,
    ],
  ])('says what was found and how to fix it: %s', async (_what, fetch, expected) => {
    const { dependencies, verifier } = open(fetch);
    const decision = verifier.verify({ headers: { authorization } });
    await dependencies.clock.advance(3000);
    expect(await decision).toMatchObject({ reason: 'jwks_unavailable' });
    expect(dependencies.lines).toEqual([expect.stringMatching(expected)]);
  });

  it('shows neither query nor credentials of a URL', async () => {
    const published = { issuer, jwks_uri: 'https://user:s3cr3t@keys.test/jwks?code=s3cr3t' };
    const { dependencies, verifier } = open(async () => json(published));
    await verifier.verify({ headers: { authorization } });
    expect(dependencies.lines).toEqual([expect.stringContaining('from https://keys.test/jwks: not an https URL')]);
    expect(dependencies.lines.join()).not.toContain('s3cr3t');
  });

  it('is named with the code of a connection that is reset', async () => {
    const server = createServer((request) => request.socket.resetAndDestroy());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    const { dependencies, verifier } = open(globalThis.fetch, { jwksUri, dangerouslyAllowHttp: true });
    await verifier.verify({ headers: { authorization } });
    server.close();
    expect(dependencies.lines).toEqual([expect.stringMatching(/jwks: no connection \((ECONNRESET|UND_ERR_SOCKET)\)/)]);
  });

  it('is not logged without a logger', async () => {
    const { dependencies, verifier } = open(fail(refused), { logger: null });
    await verifier.verify({ headers: { authorization } });
    expect(dependencies.lines).toEqual([]);
  });
});
