import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { pino } from 'pino';
import request from 'supertest';
import { type ConfigInput, type RunningSidecar, startSidecar } from '../src/index.ts';

const log = pino({ level: 'silent' });
const running: RunningSidecar[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((sidecar) => sidecar.stop()));
});

async function start(input: ConfigInput): Promise<RunningSidecar> {
  const sidecar = await startSidecar(
    { dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0, ...input },
    { log },
  );
  running.push(sidecar);
  return sidecar;
}

const isReady = (sidecar: RunningSidecar) => async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok;

describe('given an embedded log', () => {
  it('becomes ready and serves a snapshot', async () => {
    const sidecar = await start({ source: 'memory:' });
    await until(isReady(sidecar), { what: 'a ready sidecar' });
    await request(sidecar.dataUrl).get('/v1/snapshot').expect(200);
    await request(sidecar.adminUrl).get('/startupz').expect(200);
  });

  it('releases both ports on stop', async () => {
    const sidecar = await start({ source: 'memory:' });
    await sidecar.stop();
    await expect(fetch(sidecar.dataUrl)).rejects.toThrow();
    await expect(fetch(sidecar.adminUrl)).rejects.toThrow();
  });
});

describe('given an unreachable source', () => {
  it('starts anyway: live, not ready, with the cause', async () => {
    const sidecar = await start({ source: 'redis://:hunter2@127.0.0.1:1' });
    await request(sidecar.adminUrl).get('/livez').expect(200);
    const { body, text } = await request(sidecar.adminUrl).get('/readyz').expect(503);
    expect(body).toMatchObject({ ok: false, check: 'first_snapshot' });
    expect(text).not.toContain('hunter2');
    await request(sidecar.dataUrl).get('/v1/snapshot').expect(503);
  });
});

describe('given an invalid configuration', () => {
  it.each<[string, ConfigInput, RegExp]>([
    ['a value out of bounds', { source: 'memory:', drainMs: -1 }, /^drainMs: /],
    ['off loopback without a token', { source: 'memory:', dataListen: '0.0.0.0:0' }, /^readTokenFile: needed/],
    ['a token file that is not there', { source: 'memory:', tokenFile: '/nowhere/token' }, /^tokenFile: cannot read/],
    ['credentials in an http source', { source: 'http://a:hunter2@127.0.0.1:1' }, /^source: (?!.*hunter2)/],
  ])('rejects %s and names the option', async (_name, input, message) => {
    await expect(start(input)).rejects.toThrow(message);
  });

  it('binds no listener if one address cannot be bound', async () => {
    const first = await start({ source: 'memory:' });
    const adminListen = `127.0.0.1:${new URL(first.adminUrl).port}`;
    await expect(start({ source: 'memory:', adminListen })).rejects.toThrow(/^adminListen: cannot listen/);
  });
});
