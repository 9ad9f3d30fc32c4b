// A small program: protects a route, accepts a token, revokes it, and checks that it is refused. It is compiled in the
// projects of check-tarballs.mjs, with TypeScript 7 and 5.4, as ES module and CommonJS.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type CreatePublisherOptions, createPublisher, type PublishOptions } from '@revocast/denylist';
import { authOf, protect } from '@revocast/middleware';
import express from 'express';

const issuer = 'https://login.example.com/';
const audience = 'https://api.example.com';

// A member that is undefined counts as absent, also with `exactOptionalPropertyTypes`.
const publisherOptions: CreatePublisherOptions = { tokenFile: undefined, observer: undefined, clock: undefined };
const publishOptions: PublishOptions = { id: undefined, redisReplicas: undefined };
const unset = { realm: undefined, onDecision: undefined, logRefusals: undefined };

function mintToken(): { jwk: { kty: string }; token: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'first' };
  const claims = { iss: issuer, aud: audience, sub: 'alice', client_id: 'shop', jti: randomUUID(), sid: 's1' };
  const input = `${part(header)}.${part({ ...claims, iat: now, exp: now + 600 })}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kty: 'EC', kid: 'first', alg: 'ES256', use: 'sig' };
  return { jwk, token: `${input}.${signature.toString('base64url')}` };
}

export async function main(): Promise<void> {
  const { jwk, token } = mintToken();
  const publisher = await createPublisher('memory:', publisherOptions);
  const app = express();
  app.use(
    protect({ issuer, audience, jwks: { keys: [jwk] }, revocation: { feed: publisher, lookup: undefined }, ...unset }),
  );
  app.get('/orders', (req, res) => {
    res.json({ owner: authOf(req).subject });
  });
  const server = app.listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
  const statusWith = async (headers: Record<string, string>) => (await fetch(url, { headers })).status;
  try {
    expectStatus('without a token', await statusWith({}), 401);
    expectStatus('with a token', await settled(() => statusWith({ authorization: `Bearer ${token}` })), 200);
    await publisher.revoke({ issuer, session: 's1', reason: 'logout', actor: undefined }, publishOptions);
    expectStatus('after the revocation', await statusWith({ authorization: `Bearer ${token}` }), 401);
  } finally {
    server.close();
    await publisher.close();
  }
}

/** A new replica answers 503 until its first synchronisation, which is not a failure of the package. */
async function settled(ask: () => Promise<number>): Promise<number> {
  for (const until = Date.now() + 5000; Date.now() < until; ) {
    const status = await ask();
    if (status !== 503) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return 503;
}

function expectStatus(when: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${when}: expected ${expected}, found ${found}`);
}
