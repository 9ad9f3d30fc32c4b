// A test of an API with the test kit. It runs in the projects of check-tarballs.mjs, in each test runner and module system.
import type { AddressInfo } from 'node:net';
import { protect } from '@revocast/middleware';
import { createTestKit, toBeRefused } from '@revocast/testing';
import { createSigningKey } from '@revocast/testing/issuer';
import express from 'express';

export async function useKit(): Promise<void> {
  const kit = await createTestKit({ audience: 'https://api.example.com' });
  const app = express();
  app.use(protect(kit.options));
  app.get('/orders', (_req, res) => {
    res.end();
  });
  const server = app.listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
  const answerTo = async (token: string) => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, body: response.ok ? undefined : await response.json() };
  };
  try {
    for (let count = 0; count < 50; count++) {
      const token = kit.token({ subject: 'alice', session: `s${count}`, scopes: ['orders:read'] });
      equal((await answerTo(token)).status, 200);
      await kit.revoke({ session: `s${count}` });
      const refused = toBeRefused(await answerTo(token), 'revoked_session');
      if (!refused.pass) throw new Error(refused.message());
    }
    await kit.outage();
    equal((await answerTo(kit.token())).status, 503);
    await kit.recover();
    equal((await answerTo(kit.token())).status, 200);
    equal((await answerTo(kit.badToken('expired'))).status, 401);
    const issuer = await kit.listen();
    equal((await fetch(issuer.jwksUri)).status, 200);
    equal(createSigningKey('ES256', 'own').publicJwk.kid, 'own');
  } finally {
    server.close();
    await kit.close();
  }
}

function equal(found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}
