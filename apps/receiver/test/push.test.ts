import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import type { Receiver, SourceInput } from '../src/index.ts';
import { accountChange, sessionRevoked, startTransmitter, type Transmitter } from './transmitter.ts';
import { folder, metricsOf, type RecordedLog, recordedLog, secretIn, startReceiver } from './world.ts';

const cleanUps: (() => unknown)[] = [];
let transmitter: Transmitter;
let log: RecordedLog;
beforeEach(async () => {
  transmitter = await startTransmitter();
  log = await recordedLog();
  cleanUps.push(
    () => log.close(),
    () => transmitter[Symbol.asyncDispose](),
  );
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(source: Partial<SourceInput> = {}, options: object = {}): Promise<Receiver> {
  const push = {
    name: 'idp',
    kind: 'ssf',
    delivery: 'push',
    issuer: transmitter.issuer,
    audience: ['https://receiver.example'],
    ...source,
  } as SourceInput;
  const receiver = await startReceiver({ sources: [push], ...options }, log);
  cleanUps.push(() => receiver.stop());
  return receiver;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

describe('given a transmitter that pushes (RFC 8935)', () => {
  it('answers 202 when the log has the revocation, with the time of the event', async () => {
    const { dataUrl } = await start();
    const at = nowSeconds() - 7;
    const answer = await transmitter.push(`${dataUrl}/idp`, sessionRevoked('alice', transmitter.issuer, at));
    expect([answer.status, log.written]).toEqual([202, ['revoke alice']]);
    expect(log.details[0]).toMatchObject({ occurredAtMs: at * 1000, about: { issuedUpTo: expect.any(Number) } });
  });

  it('writes nothing for an event that was delivered before', async () => {
    const { dataUrl } = await start();
    const event = { jti: 'once', ...sessionRevoked('alice', transmitter.issuer) };
    expect((await transmitter.push(`${dataUrl}/idp`, event)).status).toBe(202);
    expect((await transmitter.push(`${dataUrl}/idp`, event)).status).toBe(202);
    expect(log.written).toEqual(['revoke alice']);
  });

  it.each([
    ['another issuer', { iss: 'https://other.example' }, 'invalid_issuer'],
    ['another audience', { aud: 'https://other.example' }, 'invalid_audience'],
    ['no events', { events: undefined }, 'invalid_request'],
  ])('refuses a SET with %s by its code', async (_what, claims, err) => {
    const { dataUrl } = await start();
    const answer = await transmitter.push(`${dataUrl}/idp`, {
      ...sessionRevoked('alice', transmitter.issuer),
      ...claims,
    });
    expect([answer.status, await answer.json()]).toEqual([400, { err, description: expect.any(String) }]);
    expect(answer.headers.get('content-language')).toBe('en');
    expect(log.written).toEqual([]);
  });

  it('answers 429 for a key that a fresh key set does not have, and 503 only while keys cannot be fetched', async () => {
    const { dataUrl } = await start();
    const token = await transmitter.sign(sessionRevoked('alice', transmitter.issuer), { kid: 'unknown' });
    const send = () =>
      fetch(`${dataUrl}/idp`, { method: 'POST', body: token, headers: { 'content-type': 'application/secevent+jwt' } });
    const answer = await send();
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('accepts an event that is signed with a key of a minute ago, after one refresh', async () => {
    const { dataUrl } = await start();
    expect((await transmitter.push(`${dataUrl}/idp`, sessionRevoked('alice', transmitter.issuer))).status).toBe(202);
    await transmitter.rotate();
    expect((await transmitter.push(`${dataUrl}/idp`, sessionRevoked('bob', transmitter.issuer))).status).toBe(202);
    expect(log.written).toEqual(['revoke alice', 'revoke bob']);
  });

  it('answers 503 while the log is down and there is no spool; the second delivery is logged', async () => {
    const { dataUrl } = await start();
    const event = { jti: 'again', ...sessionRevoked('alice', transmitter.issuer) };
    log.failWith('unavailable');
    expect((await transmitter.push(`${dataUrl}/idp`, event)).status).toBe(503);
    log.failWith(undefined);
    expect((await transmitter.push(`${dataUrl}/idp`, event)).status).toBe(202);
    expect(log.written).toEqual(['revoke alice']);
  });

  it('requires the token that the transmitter was given, and compares it before the body is read', async () => {
    const path = secretIn(folder(cleanUps), 'token', 'a-token-of-sixteen-characters');
    const { dataUrl } = await start({ authorizationFile: path } as Partial<SourceInput>);
    const event = sessionRevoked('alice', transmitter.issuer);
    expect((await transmitter.push(`${dataUrl}/idp`, event)).status).toBe(401);
    const authorization = 'Bearer a-token-of-sixteen-characters';
    expect((await transmitter.push(`${dataUrl}/idp`, event, { authorization })).status).toBe(202);
  });

  it('revokes nothing in the tokens of an issuer that the source does not have', async () => {
    const receiver = await start();
    const event = sessionRevoked('alice', 'https://another.example');
    const answer = await transmitter.push(`${receiver.dataUrl}/idp`, event);
    expect([answer.status, log.written]).toEqual([202, []]);
    expect(await metricsOf(receiver)).toContain(
      'revocast_signals_total{source="idp",type="session-revoked",result="unmapped_issuer"} 1',
    );
  });

  it('blocks and lifts only with the right to it', async () => {
    const without = await start();
    const at = nowSeconds();
    await transmitter.push(
      `${without.dataUrl}/idp`,
      accountChange('account-disabled', 'alice', transmitter.issuer, at),
    );
    expect(log.written).toEqual(['revoke alice']);
    const withRights = await start({ allow: ['block', 'lift'] } as Partial<SourceInput>);
    await transmitter.push(
      `${withRights.dataUrl}/idp`,
      accountChange('account-disabled', 'bob', transmitter.issuer, at),
    );
    await transmitter.push(
      `${withRights.dataUrl}/idp`,
      accountChange('account-enabled', 'bob', transmitter.issuer, at + 1),
    );
    expect(log.written).toEqual(['revoke alice', 'block bob', 'lift bob']);
  });

  it('drops an account-disabled that a later account-enabled has overtaken', async () => {
    const receiver = await start({ allow: ['block', 'lift'] } as Partial<SourceInput>);
    const at = nowSeconds();
    await transmitter.push(`${receiver.dataUrl}/idp`, accountChange('account-enabled', 'bob', transmitter.issuer, at));
    await transmitter.push(
      `${receiver.dataUrl}/idp`,
      accountChange('account-disabled', 'bob', transmitter.issuer, at - 60),
    );
    expect(log.written).toEqual(['lift bob']);
    expect(await metricsOf(receiver)).toContain('type="account-disabled",result="outdated"} 1');
  });

  it('waits for the window of broad revocations', async () => {
    const { dataUrl } = await start();
    log.failWith('too_many_broad_rules');
    const answer = await transmitter.push(`${dataUrl}/idp`, sessionRevoked('alice', transmitter.issuer));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '60']);
  });
});

describe('given a spool', () => {
  it('answers 202 while the log is down, and logs the message when it is back', async () => {
    const spool = folder(cleanUps);
    const receiver = await start({}, { spool });
    log.failWith('unavailable');
    const url = `${receiver.dataUrl}/idp`;
    expect((await transmitter.push(url, sessionRevoked('alice', transmitter.issuer))).status).toBe(202);
    expect((await transmitter.push(url, sessionRevoked('bob', transmitter.issuer))).status).toBe(202);
    expect(log.written).toEqual([]);
    expect(await metricsOf(receiver)).toContain('revocast_spool_messages 2');
    log.failWith(undefined);
    await until(() => log.written.length === 2, { what: 'the messages of the spool' });
    // Only the order of one subject is kept.
    expect(log.written.toSorted()).toEqual(['revoke alice', 'revoke bob']);
  });

  it('logs after a restart what an earlier run has spooled', async () => {
    const spool = folder(cleanUps);
    const first = await start({}, { spool });
    log.failWith('unavailable');
    await transmitter.push(`${first.dataUrl}/idp`, sessionRevoked('alice', transmitter.issuer));
    await first.stop();
    log.failWith(undefined);
    await start({}, { spool });
    await until(() => log.written.length === 1, { what: 'the message of the earlier run' });
  });

  it('answers 503 when it is full', async () => {
    const { dataUrl } = await start({}, { spool: folder(cleanUps), spoolMaxMessages: 1 });
    log.failWith('unavailable');
    const send = async (name: string) =>
      (await transmitter.push(`${dataUrl}/idp`, sessionRevoked(name, transmitter.issuer))).status;
    expect([await send('alice'), await send('bob')]).toEqual([202, 503]);
  });

  it('keeps a message behind an earlier one about the same subject', async () => {
    const { dataUrl } = await start({ allow: ['block', 'lift'] } as Partial<SourceInput>, { spool: folder(cleanUps) });
    const at = nowSeconds();
    log.failWith('too_many_broad_rules', 'block');
    const send = (type: 'account-disabled' | 'account-enabled', when: number) =>
      transmitter.push(`${dataUrl}/idp`, accountChange(type, 'alice', transmitter.issuer, when));
    expect((await send('account-disabled', at)).status).toBe(202);
    expect((await send('account-enabled', at + 1)).status).toBe(202);
    expect(log.written).toEqual([]);
    log.failWith(undefined);
    await until(() => log.written.length === 2, { what: 'both messages' });
    expect(log.written).toEqual(['block alice', 'lift alice']);
  });
});
