import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { freePort, type Supervised, startTestIssuer, supervise, until } from '@revocast/test-support';
import { type Fleet, startFleet } from './fleet.ts';
import { audience, startIdentityProvider } from './identity-provider.ts';
import { accountChange, sessionRevoked, startTransmitter } from './transmitter.ts';
import { folder, secretIn } from './world.ts';

// Real processes on a machine that may be busy, so the limit of each test is long.
jest.setTimeout(60_000);

/** The compiled program; `npm test` compiles it first. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface ReceiverProcess {
  readonly url: string;
  readonly adminUrl: string;
  readonly process: Supervised;
}

async function startProgram(fleet: Fleet, sources: readonly object[], options: object = {}): Promise<ReceiverProcess> {
  const [data, admin] = [await freePort(), await freePort()];
  const configuration = {
    log: fleet.redis.url,
    dangerouslyAllowHttp: true,
    dataListen: `127.0.0.1:${data}`,
    adminListen: `127.0.0.1:${admin}`,
    drainMs: 0,
    sources,
    ...options,
  };
  const path = secretIn(folder(cleanUps), 'receiver.yaml', JSON.stringify(configuration));
  const running = await supervise({
    name: 'receiver',
    script: program,
    args: ['--config', path],
    ready: { url: `http://127.0.0.1:${admin}/readyz` },
    restart: true,
  });
  cleanUps.push(() => running.stop());
  return { url: `http://127.0.0.1:${data}`, adminUrl: `http://127.0.0.1:${admin}`, process: running };
}

describe('given oidc-provider, a receiver, Redis, a sidecar and an API', () => {
  it('refuses the access tokens of a session that ended at the identity provider, and no others', async () => {
    const fleet = await startFleet(cleanUps);
    let logoutUri = '';
    const idp = await startIdentityProvider(() => logoutUri);
    cleanUps.push(() => idp[Symbol.asyncDispose]());
    const source = { name: 'sso', kind: 'backchannel-logout', issuer: idp.issuer, audience: ['shop'] };
    const receiver = await startProgram(fleet, [source]);
    logoutUri = `${receiver.url}/sso`;
    const call = await fleet.startApi({ ...idp, audience });
    const [alice, bob] = [await idp.login('alice'), await idp.login('bob')];
    await until(async () => (await call(alice.accessToken)) === 200, { what: 'an API that is fresh' });
    await alice.logout();
    await until(async () => (await call(alice.accessToken)) === 401, { what: 'the end of the session' });
    expect(await call(bob.accessToken)).toBe(200);
  });
});

describe('given the states of an account', () => {
  it('keeps the newest one in the log, also for a receiver that has started since', async () => {
    const fleet = await startFleet(cleanUps);
    const transmitter = await startTransmitter();
    cleanUps.push(() => transmitter[Symbol.asyncDispose]());
    const issuer = await startTestIssuer();
    cleanUps.push(() => issuer.close());
    const source = {
      name: 'idp',
      kind: 'ssf',
      delivery: 'push',
      issuer: transmitter.issuer,
      audience: ['https://receiver.example'],
      tokenIssuers: [issuer.issuer],
      allow: ['block', 'lift'],
    };
    const receiver = await startProgram(fleet, [source]);
    const call = await fleet.startApi({ issuer: issuer.issuer, jwks: issuer.publicJwks, audience: 'https://api.test' });
    const token = await issuer.sign({ sub: 'alice' });
    await until(async () => (await call(token)) === 200, { what: 'an API that is fresh' });
    const at = Math.floor(Date.now() / 1000);
    const send = async (type: 'account-disabled' | 'account-enabled', when: number) =>
      (await transmitter.push(`${receiver.url}/idp`, accountChange(type, 'alice', transmitter.issuer, when))).status;

    expect(await send('account-disabled', at - 20)).toBe(202);
    await until(async () => (await call(token)) === 401, { what: 'the block' });
    expect(await send('account-enabled', at - 10)).toBe(202);
    await until(async () => (await call(token)) === 200, { what: 'the lift' });
    await receiver.process.kill('SIGKILL');
    await receiver.process.whenReady();
    expect(await send('account-disabled', at - 15)).toBe(202);
    const metrics = await (await fetch(`${receiver.adminUrl}/metrics`)).text();
    expect(metrics).toContain('type="account-disabled",result="outdated"} 1');
    expect(await call(token)).toBe(200);
  });
});

describe('given a receiver that is killed between receipt and log', () => {
  async function startKilled(spool?: string) {
    const fleet = await startFleet(cleanUps);
    const transmitter = await startTransmitter();
    cleanUps.push(() => transmitter[Symbol.asyncDispose]());
    const issuer = await startTestIssuer();
    cleanUps.push(() => issuer.close());
    const source = {
      name: 'idp',
      kind: 'ssf',
      delivery: 'push',
      issuer: transmitter.issuer,
      audience: ['https://receiver.example'],
      tokenIssuers: [issuer.issuer],
    };
    const receiver = await startProgram(fleet, [source], { spool });
    const call = await fleet.startApi({ issuer: issuer.issuer, jwks: issuer.publicJwks, audience: 'https://api.test' });
    const token = await issuer.sign({ sub: 'alice' });
    await until(async () => (await call(token)) === 200, { what: 'an API that is fresh' });
    const event = {
      jti: 'once',
      ...sessionRevoked('alice', issuer.issuer),
      sub_id: { format: 'iss_sub', iss: transmitter.issuer, sub: 'alice' },
    };
    const deliver = () => transmitter.push(`${receiver.url}/idp`, event);
    // The log takes the revocation and does not answer.
    fleet.redis.pause();
    const first = deliver().catch(() => 'no answer' as const);
    const isReceived = async () => {
      const metrics = await (await fetch(`${receiver.adminUrl}/metrics`)).text();
      const isOnDisk = spool === undefined || readdirSync(spool).some((name) => name.endsWith('.json'));
      return metrics.includes('revocast_signal_delay_seconds_count{source="idp"} 1') && isOnDisk;
    };
    await until(isReceived, { what: 'the receipt' });
    await receiver.process.kill('SIGKILL');
    expect(await first).toBe('no answer');
    fleet.redis.resume();
    await receiver.process.whenReady();
    return { call, token, deliver };
  }

  it('logs the second delivery, without a spool', async () => {
    const { call, token, deliver } = await startKilled();
    await until(async () => (await call(token)) === 200, { what: 'an API that is fresh again', timeoutMs: 20_000 });
    expect((await deliver()).status).toBe(202);
    await until(async () => (await call(token)) === 401, { what: 'the revocation' });
  });

  it('logs the message of the spool, without a second delivery', async () => {
    const { call, token } = await startKilled(folder(cleanUps));
    await until(async () => (await call(token)) === 401, { what: 'the revocation', timeoutMs: 20_000 });
  });

  it('logs what it had fetched and not acknowledged, with the next poll', async () => {
    const fleet = await startFleet(cleanUps);
    const transmitter = await startTransmitter();
    cleanUps.push(() => transmitter[Symbol.asyncDispose]());
    const issuer = await startTestIssuer();
    cleanUps.push(() => issuer.close());
    const call = await fleet.startApi({ issuer: issuer.issuer, jwks: issuer.publicJwks, audience: 'https://api.test' });
    const token = await issuer.sign({ sub: 'alice' });
    await until(async () => (await call(token)) === 200, { what: 'an API that is fresh' });
    fleet.redis.pause();
    await transmitter.emit(sessionRevoked('alice', transmitter.issuer));
    const source = {
      name: 'idp',
      kind: 'ssf',
      delivery: 'poll',
      issuer: transmitter.issuer,
      audience: ['https://receiver.example'],
      tokenIssuers: [issuer.issuer],
      pollUrl: transmitter.pollUrl,
      accessTokenFile: secretIn(folder(cleanUps), 'token', 'a-token'),
    };
    const receiver = await startProgram(fleet, [source]);
    const isReceived = async () => {
      const metrics = await (await fetch(`${receiver.adminUrl}/metrics`)).text();
      return metrics.includes('revocast_signal_delay_seconds_count{source="idp"} 1');
    };
    await until(isReceived, { what: 'the receipt' });
    expect(transmitter.acknowledged).toEqual([]);
    await receiver.process.kill('SIGKILL');
    fleet.redis.resume();
    await until(async () => (await call(token)) === 401, { what: 'the revocation', timeoutMs: 30_000 });
    await until(() => transmitter.acknowledged.length === 1, { what: 'the acknowledgement' });
  });
});
