import { afterEach, expect, it } from '@jest/globals';
import { createVerifier } from '@revocast/middleware';
import { createTestKit } from '../src/index.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0).reverse()) await close();
});

async function openServer() {
  const kit = await createTestKit();
  opened.push(kit);
  const server = await kit.listen();
  const post = async (path: string, body: object = {}) => {
    const answer = await fetch(server.issuer + path, { method: 'POST', body: JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return { kit, server, post };
}

it('serves an issuer that is discovered, and a feed that is followed, over HTTP', async () => {
  const { server, post } = await openServer();
  const verifier = createVerifier({
    issuer: server.issuer,
    audience: 'https://api.example.com',
    revocation: { feed: server.feed },
    dangerouslyAllowHttp: true,
    logger: null,
  });
  opened.push(verifier);
  expect(await verifier.ready({ timeoutMs: 5000 })).toBe(true);
  const outcomeOf = async (token: string) => {
    const decision = await verifier.verify({ headers: { authorization: `Bearer ${token}` } });
    return decision.outcome === 'accepted' ? 'none' : decision.reason;
  };
  const { body } = await post('/token', { session: 's1' });
  expect(await outcomeOf(body.access_token)).toBe('none');
  expect(await post('/revoke', { session: 's1', reason: 'logout' })).toEqual({ status: 204, body: undefined });
  expect(await outcomeOf(body.access_token)).toBe('revoked_session');
  const bad = await post('/bad-token', { reason: 'expired' });
  expect(await outcomeOf(bad.body.access_token)).toBe('expired');
});

it('names what is wrong with a request', async () => {
  const { post, server } = await openServer();
  expect(await post('/token', { sid: 's1' })).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('"sid"') },
  });
  expect(await post('/revoke', { session: 5 })).toMatchObject({ status: 400, body: { error: expect.any(String) } });
  expect(await post('/nothing')).toMatchObject({ status: 404 });
  const long = await fetch(`${server.issuer}/token`, { method: 'POST', body: `"${'x'.repeat(70_000)}"` });
  expect(long.status).toBe(400);
});

it('stops all verifiers of this process, and lets them go on', async () => {
  const { post } = await openServer();
  expect(await post('/outage')).toMatchObject({ status: 204 });
  expect(await post('/revoke', { session: 's1' })).toMatchObject({
    status: 500,
    body: { error: expect.stringContaining('recover()') },
  });
  expect(await post('/recover')).toMatchObject({ status: 204 });
});
