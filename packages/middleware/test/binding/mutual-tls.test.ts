import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as requestOver, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { protect } from '../../src/express/protect.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import { FakeFeed } from '../fake-feed.ts';
import { forge, publicJwk } from '../forge.ts';
import { testDependencies } from '../test-dependencies.ts';
import { audience, issuer, usualClaims } from '../verification-table.ts';

interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

const run = promisify(execFile);

/** A certificate that signs itself: RFC 8705 §2.2 binds tokens to those too. */
async function makeIdentity(dir: string, name: string): Promise<Identity> {
  const [cert, key] = [join(dir, `${name}.pem`), join(dir, `${name}.key`)];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-keyout', key, '-out', cert],
  ]);
  return { cert: await readFile(cert), key: await readFile(key) };
}

describe('an API that ends the TLS connection itself', () => {
  const identities: Record<string, Identity> = {};
  let dir: string;
  let server: Server;
  let close: () => Promise<void>;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'revocast-mtls-'));
    for (const name of ['api', 'client', 'thief']) identities[name] = await makeIdentity(dir, name);
    const dependencies = testDependencies();
    const verifier = composeVerifier(
      { issuer, audience, jwks: { keys: [publicJwk('es')] }, revocation: { feed: new FakeFeed(dependencies.clock) } },
      dependencies,
    );
    await dependencies.clock.advance(0);
    close = () => verifier.close();
    const app = express();
    app.use(protect(verifier));
    app.use((_request, response) => void response.send('ok'));
    server = createServer({ ...identities['api']!, requestCert: true, rejectUnauthorized: false }, app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await close();
    await rm(dir, { recursive: true });
  });

  function get(token: string, identity: Identity | undefined): Promise<number | undefined> {
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      requestOver(
        { host: '127.0.0.1', port, headers, agent: false, rejectUnauthorized: false, ...identity },
        (response) => {
          response.resume().on('end', () => resolve(response.statusCode));
        },
      )
        .on('error', reject)
        .end();
    });
  }

  it('accepts a token only with its own certificate', async () => {
    // The SHA-256 fingerprint of openssl and authorization servers, in the encoding of RFC 8705 §3.1.
    const { fingerprint256 } = new X509Certificate(identities['client']!.cert);
    const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
    const token = forge({ claims: { cnf: { 'x5t#S256': thumbprint } } }, usualClaims);
    expect(await get(token, identities['client'])).toBe(200);
    expect(await get(token, identities['thief'])).toBe(401);
    expect(await get(token, undefined)).toBe(401);
    // Known by now, and still no bearer token.
    expect([await get(token, identities['client']), await get(token, identities['thief'])]).toEqual([200, 401]);
  });

  it('accepts a bearer token with any certificate', async () => {
    expect(await get(forge({}, usualClaims), identities['thief'])).toBe(200);
  });
});
