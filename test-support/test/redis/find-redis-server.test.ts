import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultCacheDir, findRedisServer } from '../../src/redis/find-redis-server.ts';
import { librariesIn } from '../../src/redis/portable-redis.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-find-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** An executable that prints `answer`, as a server does with `--version`. */
async function fakeServer(folder: string, name: string, answer: string): Promise<string> {
  const path = join(dir, folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
  return path;
}

describe('findRedisServer', () => {
  it('prefers REVOCAST_REDIS_SERVER to PATH', async () => {
    const named = await fakeServer('named', 'my-redis', 'Redis server v=7.4.1 sha=0');
    const onPath = await fakeServer('path', 'redis-server', 'Redis server v=6.2.0 sha=0');
    const env = { REVOCAST_REDIS_SERVER: named, PATH: dirname(onPath) };
    await expect(findRedisServer({ env })).resolves.toEqual({
      server: named,
      env: {},
      version: '7.4.1',
      source: 'environment',
    });
  });

  it('rejects a server in REVOCAST_REDIS_SERVER that does not run, and uses no other one', async () => {
    const onPath = await fakeServer('path', 'redis-server', 'Redis server v=6.2.0 sha=0');
    const env = { REVOCAST_REDIS_SERVER: join(dir, 'missing'), PATH: dirname(onPath) };
    await expect(findRedisServer({ env })).rejects.toThrow(/REVOCAST_REDIS_SERVER is .*missing/);
  });

  it('prefers valkey-server to redis-server in PATH', async () => {
    const redis = await fakeServer('first', 'redis-server', 'Redis server v=7.0.0 sha=0');
    const valkey = await fakeServer('second', 'valkey-server', 'Valkey server v=8.1.0 sha=0');
    const env = { PATH: `${dirname(redis)}:${dirname(valkey)}` };
    await expect(findRedisServer({ env })).resolves.toMatchObject({ server: valkey, version: '8.1.0', source: 'path' });
  });

  it('ignores a file in PATH that is not a Redis server', async () => {
    const impostor = await fakeServer('impostor', 'valkey-server', 'hello');
    const redis = await fakeServer('genuine', 'redis-server', 'Redis server v=7.0.0 sha=0');
    const env = { PATH: `${dirname(impostor)}:${dirname(redis)}` };
    await expect(findRedisServer({ env })).resolves.toMatchObject({ server: redis });
  });

  it('keeps the portable copy in the .cache of the repository', () => {
    expect(defaultCacheDir).toBe(fileURLToPath(new URL('../../../.cache/redis', import.meta.url)));
  });

  it('fails with instructions when no server is found and no copy can be downloaded', async () => {
    const blocked = join(dir, 'a-file');
    await writeFile(blocked, '');
    const search = findRedisServer({ env: { PATH: '' }, cacheDir: blocked });
    await expect(search).rejects.toThrow(
      /brew install redis[\s\S]*apt-get install redis-server[\s\S]*REVOCAST_REDIS_SERVER/,
    );
  });

  it('caches its result', async () => {
    expect(await findRedisServer()).toBe(await findRedisServer());
  });
});

describe('the libraries of a package', () => {
  it('do not include versions, alternatives, other packages, or libraries of every system with apt', () => {
    const depends =
      'adduser, libatomic1 (>= 4.8), libc6 (>= 2.34), libssl3t64 (>= 3.0), liba:any | libb, libsystemd0\n';
    expect(librariesIn(depends)).toEqual(['libatomic1', 'libssl3t64', 'liba']);
  });
});
