import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestIssuer, type TestIssuer } from '@revocast/test-support';
import type { EndRefreshTokens, Receiver, ResolveSubject, SourceInput } from '../src/index.ts';
import { folder, type RecordedLog, recordedLog, secretIn, startReceiver } from './world.ts';

const cleanUps: (() => unknown)[] = [];
let issuer: TestIssuer;
let log: RecordedLog;
let ended: string[];
let endRefreshTokens: EndRefreshTokens;
let subjects: ResolveSubject;
beforeEach(async () => {
  issuer = await startTestIssuer();
  log = await recordedLog();
  ended = [];
  endRefreshTokens = async (order) => void ended.push(...order.subjects);
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
