import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestIssuer, type TestIssuer, until } from '@revocast/test-support';
import type { Receiver, SourceInput } from '../src/index.ts';
import { folder, metricsOf, type RecordedLog, recordedLog, startReceiver } from './world.ts';

const cleanUps: (() => unknown)[] = [];
let issuer: TestIssuer;
let log: RecordedLog;
beforeEach(async () => {
  issuer = await startTestIssuer();
  log = await recordedLog();
  cleanUps.push(
    () => log.close(),
    () => issuer.close(),
  );
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(options: object = {}): Promise<Receiver> {
  const source = { name: 'sso', kind: 'backchannel-logout', issuer: issuer.issuer, audience: ['shop'] } as SourceInput;
  const receiver = await startReceiver({ sources: [source], ...options }, log);
  cleanUps.push(() => receiver.stop());
  return receiver;
}

async function logoutToken(claims: object = {}): Promise<string> {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  return await issuer.sign({ aud: 'shop', sub: 'alice', sid: 's1', events, ...claims }, { typ: 'logout+jwt' });
}

const send = (url: string, token: string) =>
  fetch(`${url}/sso`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });

describe('given an OpenID back-channel logout', () => {
  it('answers 200, and not to be cached, when the log has the session', async () => {
    const { dataUrl } = await start();
    const answer = await send(dataUrl, await logoutToken());
    expect([answer.status, answer.headers.get('cache-control'), log.written]).toEqual([200, 'no-store', ['revoke s1']]);
  });

  it.each([
    ['with a nonce', { nonce: 'n' }],
    ['without an event', { events: undefined }],
    ['for another client', { aud: 'other' }],
    ['that is expired', { exp: 1_700_000_000 }],
  ])('answers 400 to a token %s', async (_what, claims) => {
    const { dataUrl } = await start();
    const answer = await send(dataUrl, await logoutToken(claims));
    expect([answer.status, log.written]).toEqual([400, []]);
    expect(await answer.json()).toEqual({ error: expect.any(String), error_description: expect.any(String) });
  });

  it('answers 503 while the log is down, and counts the verified message as lost without a spool', async () => {
    const receiver = await start();
    log.failWith('unavailable');
    expect((await send(receiver.dataUrl, await logoutToken())).status).toBe(503);
    expect(await metricsOf(receiver)).toContain('revocast_signals_lost_total{source="sso"} 1');
  });

  it('keeps a token while the keys cannot be fetched, and logs it after it is verified', async () => {
    const token = await logoutToken();
    await issuer.behave('status500');
    const receiver = await start({ spool: folder(cleanUps) });
    expect((await send(receiver.dataUrl, token)).status).toBe(200);
    expect(await metricsOf(receiver)).toContain('revocast_quarantine_messages 1');
    expect(log.written).toEqual([]);
    // An attempt to verify it has failed.
    await until(() => issuer.requests.count('/jwks') >= 3, { what: 'further requests', timeoutMs: 20_000 });
    await issuer.behave('ok');
    await until(() => log.written.length === 1, { what: 'the token of the quarantine', timeoutMs: 20_000 });
    expect(log.written).toEqual(['revoke s1']);
  });

  it.each([
    ['keeps a token of a key that is not published yet, for its sender sends it once', true, 200, 0],
    ['answers 429 to it without a spool, and does not count it as lost: a stranger can send it', false, 429, 1],
  ])('%s', async (_what, hasSpool, status, unverified) => {
    const receiver = await start(hasSpool ? { spool: folder(cleanUps) } : {});
    await send(receiver.dataUrl, await logoutToken());
    const another = await startTestIssuer();
    cleanUps.push(() => another.close());
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const claims = { iss: issuer.issuer, aud: 'shop', sid: 's2', events };
    const token = await another.sign(claims, { typ: 'logout+jwt', key: another.currentKey, header: { kid: 'next' } });
    expect((await send(receiver.dataUrl, token)).status).toBe(status);
    const text = await metricsOf(receiver);
    expect(text).toContain(`revocast_quarantine_messages ${hasSpool ? 1 : 0}`);
    expect(text).toContain('revocast_signals_lost_total{source="sso"} 0');
    expect(text).toContain(`revocast_signals_unverified_total{source="sso",why="unknown_key"} ${unverified}`);
    expect(text).toContain(`type="other",result="unavailable"} ${unverified}`);
  });

  it('shows that the keys cannot be fetched, and without another message that they can be fetched again', async () => {
    await issuer.behave('status500');
    const receiver = await start();
    const shows = async (value: 0 | 1) =>
      (await metricsOf(receiver)).includes(`revocast_receiver_keys_usable{source="sso"} ${value}`);
    await until(() => shows(0), { what: 'keys that are not usable' });
    expect((await send(receiver.dataUrl, await logoutToken())).status).toBe(503);
    const text = await metricsOf(receiver);
    expect(text).toContain('revocast_signals_lost_total{source="sso"} 0');
    expect(text).toContain('revocast_signals_unverified_total{source="sso",why="keys_unavailable"} 1');
    await issuer.behave('ok');
    await until(() => shows(1), { what: 'usable keys', timeoutMs: 20_000 });
  });

  it('keeps no token whose claims are refused with any key', async () => {
    const token = await logoutToken({ aud: 'other' });
    await issuer.behave('status500');
    const receiver = await start({ spool: folder(cleanUps) });
    expect((await send(receiver.dataUrl, token)).status).toBe(400);
    expect(await metricsOf(receiver)).toContain('revocast_quarantine_messages 0');
  });

  it('refuses a forged token that it kept', async () => {
    const stranger = await startTestIssuer();
    cleanUps.push(() => stranger.close());
    await issuer.behave('status500');
    const receiver = await start({ spool: folder(cleanUps) });
    const forged = await issuer.sign(
      { aud: 'shop', sid: 's1', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      { typ: 'logout+jwt', key: stranger.currentKey },
    );
    expect((await send(receiver.dataUrl, forged)).status).toBe(200);
    await issuer.behave('ok');
    await until(async () => (await metricsOf(receiver)).includes('revocast_quarantine_messages 0'), {
      what: 'an empty quarantine',
      timeoutMs: 20_000,
    });
    expect(log.written).toEqual([]);
  });

  it('keeps at most 100 tokens that are not verified', async () => {
    await issuer.behave('status500');
    const receiver = await start({ spool: folder(cleanUps) });
    const token = await logoutToken();
    const statuses = await Promise.all(
      Array.from({ length: 105 }, async () => (await send(receiver.dataUrl, token)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.filter((status) => status === 503)).toHaveLength(5);
  });
});

describe('given senders without a credential', () => {
  it('answers no 5xx, fetches nothing but the key set, and keeps nothing', async () => {
    const receiver = await start();
    await send(receiver.dataUrl, await logoutToken());
    issuer.requests.clear();
    const stranger = await startTestIssuer();
    cleanUps.push(() => stranger.close());
    const jku = `${stranger.issuer}/jwks`;
    const forged = await stranger.sign(
      { iss: issuer.issuer, aud: 'shop', sid: 's1' },
      { header: { jku, x5u: jku }, typ: 'logout+jwt' },
    );
    const bodies: [string, string][] = [
      ['application/x-www-form-urlencoded', `logout_token=${forged}`],
      ['application/x-www-form-urlencoded', 'logout_token=a.b.c'],
      ['application/x-www-form-urlencoded', 'logout_token=a&logout_token=b'],
      ['application/x-www-form-urlencoded', `logout_token=${'x'.repeat(300_000)}`],
      ['application/json', '{}'],
      ['text/plain', ''],
    ];
    for (const [type, body] of bodies) {
      for (const path of ['sso', 'none', '']) {
        const answer = await fetch(`${receiver.dataUrl}/${path}`, {
          method: 'POST',
          body,
          headers: { 'content-type': type },
        });
        expect(answer.status).toBeLessThan(500);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
    }
    expect(stranger.requests.all).toEqual([]);
    expect(issuer.requests.all.filter(({ path }) => path !== '/jwks' && !path.startsWith('/.well-known'))).toEqual([]);
    expect(issuer.requests.count('/jwks')).toBeLessThanOrEqual(3);
    expect(log.written).toEqual(['revoke s1']);
  });
});
