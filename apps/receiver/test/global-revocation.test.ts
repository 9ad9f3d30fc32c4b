import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock, startTestIssuer, type TestIssuer, until } from '@revocast/test-support';
import { createEndRefreshTokens } from '../src/delivery/end-refresh-tokens.ts';
import type { EndRefreshTokens, Receiver, ResolveSubject, SourceInput } from '../src/index.ts';
import { folder, metricsOf, type RecordedLog, recordedLog, secretIn, startReceiver } from './world.ts';

const cleanUps: (() => unknown)[] = [];
let issuer: TestIssuer;
let log: RecordedLog;
let ended: string[];
let clients: (string | undefined)[];
let endRefreshTokens: EndRefreshTokens;
let subjects: ResolveSubject;
beforeEach(async () => {
  issuer = await startTestIssuer();
  log = await recordedLog();
  ended = [];
  clients = [];
  endRefreshTokens = async (order) => {
    ended.push(...order.subjects);
    clients.push(order.client);
  };
  subjects = ({ identifier }) => (identifier['email'] === 'alice@example.com' ? ['alice'] : []);
  cleanUps.push(
    () => log.close(),
    () => issuer.close(),
  );
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const tenants = ['one', 'two'] as const;

/** Two tenants, each with a credential of its own. */
async function start(): Promise<Receiver> {
  const path = folder(cleanUps);
  const sources = tenants.map((name) => ({
    name,
    kind: 'global-token-revocation',
    issuer: issuer.issuer,
    tokenIssuers: [`https://${name}.example`],
    authorizationFile: secretIn(path, name, `the-credential-of-${name}`),
    endRefreshTokens,
    subjects,
  })) as SourceInput[];
  const receiver = await startReceiver({ sources }, log);
  cleanUps.push(() => receiver.stop());
  return receiver;
}

async function send(receiver: Receiver, tenant: string, body: object, credential = tenant): Promise<number> {
  const answer = await fetch(`${receiver.dataUrl}/${tenant}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', authorization: `Bearer the-credential-of-${credential}` },
  });
  return answer.status;
}

const email = (address: string) => ({ sub_id: { format: 'email', email: address } });

describe('given a Global Token Revocation request', () => {
  it('answers 204 when the refresh tokens have ended and the log has the revocation', async () => {
    const receiver = await start();
    expect(await send(receiver, 'one', email('alice@example.com'))).toBe(204);
    expect([ended, log.written]).toEqual([['alice'], ['revoke alice']]);
    expect(log.details[0]?.about).toMatchObject({ issuer: 'https://one.example' });
  });

  it('ends the refresh tokens at one client only when the request names one', async () => {
    const receiver = await start();
    const application = { format: 'opaque', id: 'mobile' };
    const atMobile = { sub_id: { format: 'complex', user: email('alice@example.com').sub_id, application } };
    expect(await send(receiver, 'one', atMobile)).toBe(204);
    expect(await send(receiver, 'one', email('alice@example.com'))).toBe(204);
    expect([ended, clients]).toEqual([
      ['alice', 'alice'],
      ['mobile', undefined],
    ]);
    expect(log.details.map(({ about }) => about)).toMatchObject([{ client: 'mobile' }, { subject: 'alice' }]);
  });

  it('asks the directory once for each request, and revokes for the subjects whose refresh tokens have ended', async () => {
    let asked = 0;
    subjects = () => {
      asked += 1;
      return asked === 1 ? ['alice'] : ['another'];
    };
    // The second reading of the request is at another millisecond.
    endRefreshTokens = async (order) => {
      ended.push(...order.subjects);
      const startedMs = Date.now();
      await until(() => Date.now() > startedMs, { what: 'the next millisecond' });
    };
    expect(await send(await start(), 'one', email('alice@example.com'))).toBe(204);
    expect([asked, ended, log.written]).toEqual([1, ['alice'], ['revoke alice']]);
  });

  it('counts the identifiers of a request that no account has', async () => {
    const receiver = await start();
    const identifiers = ['alice@example.com', 'nobody@example.com'].map((address) => email(address).sub_id);
    expect(await send(receiver, 'one', { sub_id: { format: 'aliases', identifiers } })).toBe(204);
    expect(log.written).toEqual(['revoke alice']);
    expect(await metricsOf(receiver)).toContain('type="global-token-revocation",result="unresolved"} 1');
  });

  it('answers 422 and logs nothing when the refresh tokens have not ended', async () => {
    endRefreshTokens = async () => {
      throw new Error('as the test wants');
    };
    const receiver = await start();
    expect(await send(receiver, 'one', email('alice@example.com'))).toBe(422);
    expect(log.written).toEqual([]);
  });

  it('answers 404 for a subject without an account', async () => {
    const receiver = await start();
    expect(await send(receiver, 'one', email('nobody@example.com'))).toBe(404);
    expect(ended).toEqual([]);
  });

  it('answers 503 while the directory does not answer', async () => {
    subjects = async () => {
      throw new Error('as the test wants');
    };
    expect(await send(await start(), 'one', email('alice@example.com'))).toBe(503);
  });

  it('answers 401 without a credential, and to the credential of another tenant', async () => {
    const receiver = await start();
    expect(await send(receiver, 'one', email('alice@example.com'), 'two')).toBe(401);
    expect(await send(receiver, 'one', email('alice@example.com'), 'nobody')).toBe(401);
    expect([ended, log.written]).toEqual([[], []]);
  });

  it('answers 400 to a body without a subject', async () => {
    expect(await send(await start(), 'one', {})).toBe(400);
  });

  it('accepts the assertion of the identity provider, for its audience only', async () => {
    const source = {
      name: 'okta',
      kind: 'global-token-revocation',
      issuer: issuer.issuer,
      audience: ['https://receiver.example/okta'],
      endRefreshTokens,
      subjects,
    } as SourceInput;
    const receiver = await startReceiver({ sources: [source] }, log);
    cleanUps.push(() => receiver.stop());
    const sendAs = async (aud: string) => {
      const token = await issuer.sign({ aud, sub: 'okta' }, { typ: 'global-token-revocation+jwt' });
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const body = JSON.stringify(email('alice@example.com'));
      return (await fetch(`${receiver.dataUrl}/okta`, { method: 'POST', body, headers })).status;
    };
    expect(await sendAs('https://receiver.example/okta')).toBe(204);
    expect(await sendAs('https://another.example')).toBe(401);
  });
});

describe('the URL that ends refresh tokens', () => {
  it('gets the client where the request names one', async () => {
    const bodies: string[] = [];
    const post = async (_url: string, body: object) => {
      bodies.push(JSON.stringify(body));
      return { status: 204, json: undefined, headers: new Headers() };
    };
    const end = createEndRefreshTokens({ url: 'https://directory.example/end' }, { clock: new FakeClock(), post });
    await end({ source: 'one', subjects: ['alice'], client: 'mobile' });
    await end({ source: 'one', subjects: ['alice'] });
    expect(bodies).toEqual([
      '{"source":"one","subjects":["alice"],"client":"mobile"}',
      '{"source":"one","subjects":["alice"]}',
    ]);
  });
});
