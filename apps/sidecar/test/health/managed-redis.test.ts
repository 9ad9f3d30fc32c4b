import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource } from '@revocast/denylist/replica';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { pino } from 'pino';
import request from 'supertest';
import { type RunningSidecar, startSidecar } from '../../src/index.ts';

const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop();
});

/** A sidecar with its probes over a Redis with these directives. */
async function start(config: Readonly<Record<string, string | readonly string[]>>): Promise<RunningSidecar> {
  const redis: RedisServer = await startRedis({ config: { appendonly: 'yes', ...config } });
  running.push(redis);
  // Else a new log is in recovery for 15 s.
  const source = await openSource(redis.url);
  await source.declareWhole?.();
  await source.close();
  const listeners = { dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0' };
  const sidecar = await startSidecar(
    { source: redis.url, drainMs: 0, ...listeners },
    { log: pino({ level: 'silent' }) },
  );
  running.push(sidecar);
  return sidecar;
}

async function readyz({ adminUrl }: RunningSidecar) {
  return await request(adminUrl).get('/readyz');
}

/** The answer once the settings were read, and the sidecar is ready or was refused. */
async function settled(sidecar: RunningSidecar) {
  await until(
    async () => {
      const { status, body } = await readyz(sidecar);
      return status === 200 ? 'misconfigurations' in body : body.check === 'source';
    },
    { what: 'a ready or a refused sidecar' },
  );
  return await readyz(sidecar);
}

describe('given a Redis that ends', () => {
  it('a sidecar that was ready stays so, and a new one starts without it', async () => {
    const redis = await startRedis();
    running.push(redis);
    const source = await openSource(redis.url);
    await source.declareWhole?.();
    await source.close();
    const options = { source: redis.url, drainMs: 0, maxStalenessMs: 2000, startupMaxMs: 100 };
    const listeners = { dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0' };
    const open = async () => {
      const sidecar = await startSidecar({ ...options, ...listeners }, { log: pino({ level: 'silent' }) });
      running.push(sidecar);
      return sidecar;
    };
    const before = await open();
    await until(async () => (await readyz(before)).status === 200, { what: 'a ready sidecar' });
    await redis.kill();
    await until(async () => (await readyz(before)).body.cause === 'no_heartbeat', { what: 'the end of freshness' });
    expect((await readyz(before)).body).toMatchObject({ ok: true, degraded: true });

    const after = await open();
    const startupz = () => request(after.adminUrl).get('/startupz');
    await until(async () => (await startupz()).status === 200, { what: 'the start without a snapshot' });
    expect((await startupz()).body).toMatchObject({ ok: true, gaveUp: true });
    expect((await readyz(after)).body).toMatchObject({ ok: false, check: 'first_snapshot' });
  });
});

const hiding = (...commands: string[]) => ({ 'rename-command': commands.map((command) => `${command} ""`) });

describe('given a managed Redis', () => {
  it.each([
    ['the policy volatile-lru', { 'maxmemory-policy': 'volatile-lru' }, ['volatile_eviction'], undefined],
    ['the policy volatile-ttl', { 'maxmemory-policy': 'volatile-ttl' }, ['volatile_eviction'], undefined],
    ['no INFO', hiding('INFO'), ['copies_unknown'], undefined],
    ['no XREAD', hiding('XREAD'), ['tail_polled'], true],
    [
      'no CONFIG, INFO, WAIT and XREAD',
      hiding('CONFIG', 'INFO', 'WAIT', 'XREAD'),
      ['tail_polled', 'copies_unknown'],
      true,
    ],
  ])('with %s, is ready and names the limitation', async (_name, config, misconfigurations, degraded) => {
    const { status, body } = await settled(await start(config));
    expect([status, body]).toEqual([200, expect.objectContaining({ ok: true, misconfigurations })]);
    expect(body.degraded).toBe(degraded);
  });

  it('with the policy allkeys-lru, is not ready and names the policy to set', async () => {
    const { status, body } = await settled(await start({ 'maxmemory-policy': 'allkeys-lru' }));
    expect([status, body]).toEqual([503, expect.objectContaining({ check: 'source', cause: 'eviction_policy' })]);
    expect(body.remedy).toContain('noeviction');
  });

  it('that refuses to read the log at all, is not ready, and the remedy is not to wait', async () => {
    const sidecar = await start(hiding('XREAD', 'XRANGE'));
    await until(async () => (await readyz(sidecar)).body.lastError === 'refused', { what: 'the refusal' });
    const { status, body } = await readyz(sidecar);
    expect(status).toBe(503);
    expect(body.remedy).toContain('The source answered with an error');
    expect(body.remedy).not.toMatch(/wait/i);
  });
});
