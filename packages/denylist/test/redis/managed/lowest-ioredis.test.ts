import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  freePort,
  makeCertificate,
  type RedisServer,
  startCluster,
  startRedis,
  startSentinels,
  until,
} from '@revocast/test-support';

// All other tests of Redis use the highest version of the peer range.
const load = jest.fn(() => import('ioredis5'));
jest.unstable_mockModule('ioredis', load);
const { follow } = await import('../follower.ts');

const manifestOf = (path: URL | string) => JSON.parse(readFileSync(path, 'utf8'));
const { peerDependencies, devDependencies } = manifestOf(new URL('../../../package.json', import.meta.url));
const lowest = manifestOf(createRequire(import.meta.url).resolve('ioredis5/package.json')).version;

let dir: string;
const running: { stop(): Promise<unknown> }[] = [];
const printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-ioredis-'));
});
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function run<Part extends { stop(): Promise<unknown> }>(part: Promise<Part>): Promise<Part> {
  const started = await part;
  running.push(started);
  return started;
}

const start = (config: Record<string, string | string[]> = {}): Promise<RedisServer> => run(startRedis({ config }));
const hidden = { 'rename-command': ['CONFIG', 'INFO', 'WAIT', 'XREAD'].map((command) => `${command} ""`) };

describe('the lowest ioredis of the peer range', () => {
  it('is the one that is tested here, and the highest is the one that all others use', () => {
    expect(peerDependencies.ioredis).toBe(`>=${lowest} <7`);
    expect(devDependencies.ioredis).toMatch(/^6\./);
  });

  it.each<[string, () => Promise<string>]>([
    ['one server', async () => (await start()).url],
    ['a server that hides commands', async () => (await start(hidden)).url],
    ['a server with a password', async () => (await start({ requirepass: 'w' })).url.replace('//', '//:w@')],
    [
      'a Unix socket',
      async () => {
        const path = join(dir, 'redis.sock');
        await start({ unixsocket: path });
        return `redis+unix://${path}`;
      },
    ],
    ['Sentinel', async () => (await run(startSentinels())).url],
    [
      'a server with TLS, a client certificate and a user',
      async () => {
        const [server, client] = await Promise.all([
          makeCertificate(dir, 'server', 'redis.example'),
          makeCertificate(dir, 'client'),
        ]);
        const port = await freePort();
        await start({
          'tls-port': String(port),
          'tls-cert-file': server.cert,
          'tls-key-file': server.key,
          'tls-ca-cert-file': client.cert,
          user: 'app on >pa:ss@w ~* &* +@all',
        });
        const files = `ca=${server.cert}&cert=${client.cert}&key=${client.key}`;
        return `rediss://app:${encodeURIComponent('pa:ss@w')}@127.0.0.1:${port}?${files}`;
      },
    ],
    ['a cluster', async () => (await run(startCluster({ replicas: false }))).url],
  ])('follows and revokes in %s, and prints nothing', async (_name, open) => {
    const sidecar = await follow(await open());
    running.push({ stop: () => sidecar.close() });
    await sidecar.source.declareWhole?.();
    expect(await sidecar.replica.ready({ timeoutMs: 20_000 })).toBe(true);
    await sidecar.revoke('s');
    await until(() => sidecar.verdict('s') === 'revoked', { what: 'the revocation' });
    expect(
      (await sidecar.source.health?.())?.misconfigurations.filter(({ severity }) => severity === 'unsafe'),
    ).toEqual([]);
    expect(load).toHaveBeenCalledTimes(1);
    expect(printed).not.toHaveBeenCalled();
  });

  it('reports a server that is not there, and finds it when it is', async () => {
    const redis = await start();
    await redis.kill();
    const sidecar = await follow(redis.url);
    running.push({ stop: () => sidecar.close() });
    await until(() => sidecar.replica.status().lastError === 'unreachable', { what: 'the failure' });
    await redis.restart();
    const declare = () => sidecar.source.declareWhole?.().catch(() => undefined);
    // A connection that has just failed is not tried again at once.
    await until(declare, { what: 'the log to be declared whole' });
    expect(await sidecar.replica.ready({ timeoutMs: 20_000 })).toBe(true);
  });
});
