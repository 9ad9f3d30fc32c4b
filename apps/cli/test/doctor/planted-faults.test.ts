import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openSource, randomHex, systemClock, systemRandom } from '@revocast/denylist/replica';
import { createVerifier } from '@revocast/middleware';
import { type RunningSidecar, startSidecar } from '@revocast/sidecar';
import { type RedisServer, startRedis, startTestIssuer, type TestIssuer, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import type { Check } from '../../src/doctor/check.ts';
import type { World } from '../../src/world.ts';
import { runIn, testWorld } from '../test-world.ts';

// The tests start real servers, and the doctor waits three seconds for a missing heartbeat.
jest.setTimeout(60_000);

const safeConfig = { appendonly: 'yes', 'maxmemory-policy': 'noeviction' };
let issuer: TestIssuer;
let redis: RedisServer;
let sidecar: RunningSidecar;
const started: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  issuer = await startTestIssuer();
  redis = await startRedis({ config: safeConfig });
  await declareWhole(redis.url);
  sidecar = await startBeside(redis);
});
afterEach(async () => {
  await issuer.behave('ok');
  for (const each of started.splice(0).reverse()) await each.stop();
});
afterAll(async () => {
  // One that did not start must not keep the others running.
  await sidecar?.stop();
  await redis?.stop();
  await issuer?.close();
});

async function declareWhole(url: string): Promise<void> {
  const source = await openSource(url, {
    clock: systemClock,
    random: systemRandom,
    newEpoch: () => randomHex(8),
  });
  await source.declareWhole?.();
  await source.close();
}

async function startBeside(server: RedisServer): Promise<RunningSidecar> {
  const running = await startSidecarOf(server);
  await until(async () => (await fetch(`${running.adminUrl}/readyz`)).ok, {
    what: 'a ready sidecar',
    timeoutMs: 15_000,
  });
  return running;
}

async function startOwnRedis(config: Record<string, string> = {}): Promise<RedisServer> {
  const server = await startRedis({ config: { ...safeConfig, ...config } });
  started.push(server);
  return server;
}

async function command(server: RedisServer, name: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(server.url, { lazyConnect: true });
  try {
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

interface Diagnosis {
  readonly exitCode: number;
  readonly checks: readonly Check[];
  readonly err: string;
}

async function diagnose(args: readonly string[], overrides: Partial<World> = {}): Promise<Diagnosis> {
  const { code, out, err } = await runIn(testWorld(overrides), 'doctor', '--json', ...args);
  const { checks, exitCode } = JSON.parse(out);
  expect(exitCode).toBe(code);
  return { exitCode: code, checks, err };
}

/** The checks that are not ok, by name. */
function problems({ checks }: Diagnosis): Record<string, string> {
  return Object.fromEntries(checks.filter(({ status }) => status !== 'ok').map(({ name, status }) => [name, status]));
}

function checkNamed({ checks }: Diagnosis, name: string): Check {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`there is no check ${name} among ${checks.map((each) => each.name)}`);
  return found;
}

const onlyLog = (url: string) => ['--source', url, '--no-sidecar'];
const onlyIssuer = () => ['--issuer', issuer.issuer, '--dangerously-allow-http', '--no-sidecar'];
const onlySidecar = ({ dataUrl, adminUrl }: RunningSidecar) => ['--sidecar', dataUrl, '--sidecar-admin', adminUrl];

describe('given a system without faults', () => {
  it('warns only that no process follows the sidecar', async () => {
    const everything = [...onlyIssuer().slice(0, 3), '--source', redis.url, ...onlySidecar(sidecar)];
    const diagnosis = await diagnose(everything);
    expect(problems(diagnosis)).toEqual({ 'sidecar.readers': 'warn' });
    expect(diagnosis.exitCode).toBe(0);
    expect((await diagnose([...everything, '--strict'])).exitCode).toBe(1);
    for (const check of diagnosis.checks)
      expect(check).toMatchObject({ found: expect.any(String), expected: expect.any(String) });
  });
});

describe('given a planted fault, the doctor finds it and shows how to fix it:', () => {
  it('a Redis that evicts', async () => {
    const server = await startOwnRedis({ 'maxmemory-policy': 'allkeys-lru' });
    await declareWhole(server.url);
    started.push(await startSidecarOf(server));
    const diagnosis = await diagnose(onlyLog(server.url));
    expect(problems(diagnosis)).toEqual({
      'redis.eviction_policy': 'fail',
      'issuer.reachable': 'unknown',
      'sidecar.reachable': 'unknown',
    });
    expect(checkNamed(diagnosis, 'redis.eviction_policy')).toMatchObject({
      found: expect.stringContaining('allkeys-lru'),
      expected: 'maxmemory-policy noeviction',
      remedy: expect.stringContaining('CONFIG SET maxmemory-policy noeviction'),
    });
    expect(diagnosis.exitCode).toBe(1);
  });

  it('a log without heartbeats; a progress line shows the wait', async () => {
    const server = await startOwnRedis();
    await declareWhole(server.url);
    const diagnosis = await diagnose(onlyLog(server.url));
    expect(checkNamed(diagnosis, 'log.heartbeat')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('run a sidecar'),
    });
    expect(diagnosis.err).toMatch(/^waiting for the log \(2 s\)$/m);
  });

  it('a log that is healing', async () => {
    const server = await startOwnRedis();
    started.push(await startSidecarOf(server));
    await until(async () => (await command(server, 'EXISTS', '{revocast}:meta')) === 1, { what: 'a log' });
    const diagnosis = await diagnose(onlyLog(server.url));
    expect(checkNamed(diagnosis, 'log.whole')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('revocast-sidecar init'),
    });
  });

  it('no log at all', async () => {
    const server = await startOwnRedis();
    const diagnosis = await diagnose(onlyLog(server.url));
    expect(checkNamed(diagnosis, 'log.present')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('start a sidecar'),
    });
  });

  it('a Redis that needs a password', async () => {
    const server = await startOwnRedis({ requirepass: 'hunter2' });
    const diagnosis = await diagnose(onlyLog(server.url));
    expect(checkNamed(diagnosis, 'log.readable')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('docs/redis.md'),
    });
    expect(diagnosis.exitCode).toBe(1);
  });

  it('a Redis user without the permissions of a sidecar', async () => {
    const server = await startOwnRedis();
    await declareWhole(server.url);
    await command(server, 'ACL', 'SETUSER', 'weak', 'on', '>hunter2', '~*', '+@all', '-xadd');
    const environment = { REVOCAST_SOURCE: server.url.replace('//', '//weak:hunter2@') };
    const diagnosis = await diagnose(['--no-sidecar'], { environment });
    expect(checkNamed(diagnosis, 'redis.rights_missing')).toMatchObject({
      status: 'fail',
      found: 'may not XADD',
      remedy: expect.stringContaining('docs/redis.md'),
    });
    expect(JSON.stringify(diagnosis)).not.toContain('hunter2');
  });

  it('a Redis that does not answer', async () => {
    const diagnosis = await diagnose(onlyLog('redis://127.0.0.1:1'));
    expect(checkNamed(diagnosis, 'log.reachable')).toMatchObject({
      status: 'fail',
      // The fix is the remedy, and is not repeated here.
      found: 'redis://127.0.0.1:1 (ECONNREFUSED)',
      remedy: expect.stringContaining('There is no connection to the source'),
    });
    expect(diagnosis.exitCode).toBe(3);
  });

  it('a Redis that is a replica', async () => {
    const replica = await startRedis({ config: safeConfig, replicaOf: { host: redis.host, port: redis.port } });
    started.push(replica);
    const diagnosis = await diagnose(onlyLog(replica.url));
    expect(checkNamed(diagnosis, 'redis.not_primary')).toMatchObject({
      status: 'fail',
      found: 'role slave',
      remedy: expect.stringContaining('name the primary'),
    });
  });

  it('memory that is nearly full, and too small for the planned rules', async () => {
    const server = await startOwnRedis();
    await declareWhole(server.url);
    const used = Number(/used_memory:(\d+)/.exec(String(await command(server, 'INFO', 'memory')))?.[1]);
    await command(server, 'CONFIG', 'SET', 'maxmemory', String(Math.round(used * 1.15)));
    const diagnosis = await diagnose([...onlyLog(server.url), '--plan-rules', '1000000']);
    expect(checkNamed(diagnosis, 'redis.memory_nearly_full')).toMatchObject({
      status: 'warn',
      remedy: expect.stringContaining('raise maxmemory'),
    });
    expect(checkNamed(diagnosis, 'redis.memory_plan')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('1000000 rules take up to 224.0 MB'),
      remedy: expect.stringContaining('raise maxmemory'),
    });
  });

  it('metadata that names another issuer', async () => {
    await issuer.behave(
      (_request, response) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ issuer: `${issuer.issuer}/`, jwks_uri: issuer.jwksUri }));
      },
      ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
    );
    const diagnosis = await diagnose(onlyIssuer());
    expect(checkNamed(diagnosis, 'issuer.exact')).toMatchObject({
      status: 'fail',
      found: `${issuer.issuer}/`,
      remedy: expect.stringContaining('a trailing slash makes a different issuer'),
    });
    expect(checkNamed(diagnosis, 'issuer.keys').status).toBe('unknown');
  });

  it('a key set without a usable key', async () => {
    await issuer.behave((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"keys":[]}');
    });
    const diagnosis = await diagnose(onlyIssuer());
    expect(checkNamed(diagnosis, 'issuer.keys')).toMatchObject({
      status: 'fail',
      found: 'none (no_usable_keys)',
      remedy: expect.stringContaining('check the key set'),
    });
    expect(diagnosis.exitCode).toBe(1);
  });

  it('an issuer that no process trusts, because of a slash at its end', async () => {
    const open = (name: string) =>
      createVerifier({
        issuer: name,
        audience: 'https://api.example.com',
        revocation: { feed: sidecar.dataUrl },
        dangerouslyAllowHttp: true,
      });
    const args = [...onlyIssuer(), '--source', redis.url];
    const trust = async () => (await diagnose(args)).checks.find(({ name }) => name === 'agreement.trusted_issuer');
    const wrong = open(`${issuer.issuer}/`);
    try {
      // The log says so only after heartbeats without a pause.
      await until(async () => (await trust())?.status === 'fail', { what: 'the fault', timeoutMs: 40_000 });
      expect(await trust()).toMatchObject({
        found: 'none trusts it',
        remedy: expect.stringContaining('with or without a slash at its end'),
      });
      const right = open(issuer.issuer);
      await until(async () => (await trust())?.status === 'ok', {
        what: 'a process that trusts it',
        timeoutMs: 20_000,
      });
      await right.close();
    } finally {
      await wrong.close();
    }
  });

  it('an issuer that does not answer', async () => {
    await issuer.behave('refuse');
    const diagnosis = await diagnose(onlyIssuer());
    expect(checkNamed(diagnosis, 'issuer.reachable')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('check the URL'),
    });
    // The keys themselves may be right.
    expect(checkNamed(diagnosis, 'issuer.keys').remedy).toContain('check the URL');
    expect(diagnosis.exitCode).toBe(3);
  });

  it('a clock that is a minute ahead', async () => {
    const clock = { ...systemClock, wallMs: () => systemClock.wallMs() + 60_000 };
    const diagnosis = await diagnose([...onlyIssuer(), '--source', redis.url], { clock });
    expect(checkNamed(diagnosis, 'issuer.clock')).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/^-(59|60)\.\d s from this clock$/),
      remedy: expect.stringContaining('NTP'),
    });
    expect(checkNamed(diagnosis, 'redis.clock_offset')).toMatchObject({
      status: 'warn',
      remedy: expect.stringContaining('NTP'),
    });
    // The issuer and the log agree, because only the clock of the doctor is wrong.
    expect(checkNamed(diagnosis, 'agreement.issuer_clock').status).toBe('ok');
  });

  it('an issuer whose clock is ahead of the log', async () => {
    const ahead: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const headers = new Headers(response.headers);
      headers.set('date', new Date(Date.now() + 8000).toUTCString());
      return new Response(response.body, { status: response.status, headers });
    };
    const diagnosis = await diagnose([...onlyIssuer(), '--source', redis.url], { fetch: ahead });
    expect(checkNamed(diagnosis, 'issuer.clock').status).toBe('fail');
    expect(checkNamed(diagnosis, 'agreement.issuer_clock')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('run NTP on the issuer and on Redis'),
    });
  });

  it('a sidecar that is stale', async () => {
    const server = await startOwnRedis();
    await declareWhole(server.url);
    const stale = await startBeside(server);
    started.push(stale);
    server.pause();
    await until(async () => (await (await fetch(`${stale.adminUrl}/readyz`)).text()).includes('no_heartbeat'), {
      what: 'a stale sidecar',
      timeoutMs: 15_000,
    });
    const diagnosis = await diagnose(onlySidecar(stale));
    server.resume();
    expect(checkNamed(diagnosis, 'sidecar.ready')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('no_heartbeat'),
    });
    expect(checkNamed(diagnosis, 'sidecar.fresh')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('check that the source runs'),
    });
  });

  it('a missing sidecar', async () => {
    const diagnosis = await diagnose(['--sidecar', 'http://127.0.0.1:1', '--sidecar-admin', 'http://127.0.0.1:1']);
    expect(checkNamed(diagnosis, 'sidecar.reachable')).toMatchObject({
      status: 'fail',
      found: 'ECONNREFUSED',
      remedy: expect.stringContaining('npx @revocast/sidecar'),
    });
    expect(diagnosis.exitCode).toBe(3);
  });

  it('a sidecar that follows another log', async () => {
    const other = await startOwnRedis();
    await declareWhole(other.url);
    const diagnosis = await diagnose(['--source', other.url, ...onlySidecar(sidecar)]);
    expect(checkNamed(diagnosis, 'agreement.same_log')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('compare the source of the sidecar'),
    });
  });

  it('verifiers that accept longer tokens than the log keeps rules for: they answer 503', async () => {
    const atBound = await diagnose([...onlyLog(redis.url), '--max-token-lifetime', '86700s']);
    expect(checkNamed(atBound, 'agreement.max_token_lifetime').status).toBe('ok');
    const above = await diagnose([...onlyLog(redis.url), '--max-token-lifetime', '86701s']);
    expect(checkNamed(above, 'agreement.max_token_lifetime')).toMatchObject({
      status: 'fail',
      found: 'log 86700 s, verifiers 86701 s',
      remedy: expect.stringMatching(
        /^lower maxTokenLifetimeMs .* they answer 503 to longer tokens that are not revoked$/,
      ),
    });
  });
});

async function startSidecarOf({ url }: RedisServer): Promise<RunningSidecar> {
  const config = { dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 };
  return await startSidecar({ source: url, ...config }, { log: pino({ level: 'silent' }) });
}
