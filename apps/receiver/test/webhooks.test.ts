import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Receiver, SourceInput } from '../src/index.ts';
import { folder, metricsOf, type RecordedLog, recordedLog, secretIn, startReceiver } from './world.ts';

const cleanUps: (() => unknown)[] = [];
const secret = 'a-secret-of-sixteen-characters';
const issuer = 'https://login.example.com';
let log: RecordedLog;
beforeEach(async () => {
  log = await recordedLog();
  cleanUps.push(() => log.close());
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(source: object): Promise<Receiver> {
  const secretFile = secretIn(folder(cleanUps), 'secret', secret);
  const webhook = { name: 'hook', issuer, secretFile, ...source } as SourceInput;
  const receiver = await startReceiver({ sources: [webhook] }, log);
  cleanUps.push(() => receiver.stop());
  return receiver;
}

const send = ({ dataUrl }: Receiver, body: object, headers: Record<string, string>) =>
  fetch(`${dataUrl}/hook`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('given an event hook of Okta', () => {
  it('answers the one-time challenge, and nothing else to a GET', async () => {
    const receiver = await start({ kind: 'okta-event-hook' });
    const headers = { 'x-okta-verification-challenge': 'abc' };
    const answer = await fetch(`${receiver.dataUrl}/hook`, { headers });
    expect([answer.status, await answer.json()]).toEqual([200, { verification: 'abc' }]);
    expect((await fetch(`${receiver.dataUrl}/hook`)).status).toBe(400);
  });

  it('takes an event with the secret, and answers 401 without it', async () => {
    const receiver = await start({ kind: 'okta-event-hook' });
    const event = {
      uuid: 'e1',
      eventType: 'user.lifecycle.suspend',
      published: new Date().toISOString(),
      outcome: { result: 'SUCCESS' },
      target: [{ type: 'User', id: 'okta-alice', alternateId: 'alice@example.com' }],
    };
    const body = { eventType: 'com.okta.event_hook', data: { events: [event] } };
    expect((await send(receiver, body, { authorization: 'wrong' })).status).toBe(401);
    expect((await send(receiver, body, { authorization: secret })).status).toBe(200);
    expect(log.written).toEqual(['revoke okta-alice']);
  });
});

describe('given a log stream of Auth0', () => {
  const record = {
    log_id: 'log-1',
    data: { type: 'slo', date: new Date().toISOString(), user_id: 'auth0|alice', client_id: 'web' },
  };

  it('ends the sessions of a user at a logout, only where the configuration says so', async () => {
    const silent = await start({ kind: 'auth0-log-stream' });
    expect((await send(silent, [record], { authorization: secret })).status).toBe(200);
    expect(log.written).toEqual([]);
    const receiver = await start({ kind: 'auth0-log-stream', events: { logout: 'cutoff' } });
    expect((await send(receiver, [record], { authorization: secret })).status).toBe(200);
    expect(log.written).toEqual(['revoke auth0|alice']);
  });

  it('refuses a setting that the table does not have', async () => {
    await expect(start({ kind: 'auth0-log-stream', events: { 'account-enabled': 'cutoff' } })).rejects.toMatchObject({
      code: 'configuration',
    });
  });
});

describe('given signed JSON', () => {
  const mapping = { type: '/type', id: '/id', rules: { disabled: { action: 'block', subject: '/user' } } };
  const body = { type: 'disabled', id: '1', user: 'alice' };
  const sign = (time: number) =>
    `t=${time},v1=${createHmac('sha256', secret).update(`${time}.`).update(JSON.stringify(body)).digest('hex')}`;

  it('blocks the subject at the pointer of a rule', async () => {
    const receiver = await start({ kind: 'signed-json', mapping, allow: ['block'] });
    const answer = await send(receiver, body, { 'x-signature': sign(Math.floor(Date.now() / 1000)) });
    expect([answer.status, log.written]).toEqual([200, ['block alice']]);
  });

  it('answers 401 to a signature of ten minutes ago, and without one', async () => {
    const receiver = await start({ kind: 'signed-json', mapping });
    expect((await send(receiver, body, { 'x-signature': sign(Math.floor(Date.now() / 1000) - 600) })).status).toBe(401);
    expect((await send(receiver, body, {})).status).toBe(401);
    expect(log.written).toEqual([]);
  });

  it('answers 401 before the body is sent when the header is stale or missing, and counts it', async () => {
    const receiver = await start({ kind: 'signed-json', mapping });
    const stale = `X-Signature: ${sign(Math.floor(Date.now() / 1000) - 600)}\r\n`;
    for (const [header, reason] of [
      [stale, 'stale_signature'],
      ['', 'bad_credential'],
    ]) {
      const { hostname, port } = new URL(receiver.dataUrl);
      const socket = connect(Number(port), hostname);
      cleanUps.push(() => socket.destroy());
      socket.write(`POST /hook HTTP/1.1\r\nHost: x\r\n${header}Content-Length: 1000000\r\n\r\n`);
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1.1 401 /);
      expect(await metricsOf(receiver)).toContain(`revocast_signal_refusals_total{source="hook",reason="${reason}"} 1`);
    }
  });
});

describe('a webhook with a wrong secret', () => {
  it.each(['okta-event-hook', 'auth0-log-stream'])('is counted (%s)', async (kind) => {
    const receiver = await start({ kind });
    expect((await send(receiver, {}, { authorization: 'wrong' })).status).toBe(401);
    const text = await metricsOf(receiver);
    expect(text).toContain('revocast_signal_refusals_total{source="hook",reason="bad_credential"} 1');
    expect(text).toContain('revocast_signals_total{source="hook",type="other",result="refused"} 1');
  });
});
