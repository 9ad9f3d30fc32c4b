import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { type Follower, follow } from '../follower.ts';

describe('given a Redis on a Unix socket', () => {
  let dir: string;
  let redis: RedisServer;
  let sidecar: Follower;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'revocast-unix-'));
    const path = join(dir, 'redis.sock');
    redis = await startRedis({ config: { unixsocket: path, requirepass: 'word' } });
    sidecar = await follow(`redis+unix://:word@${path}?db=3`);
  });
  afterAll(async () => {
    await sidecar.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('a sidecar follows and revokes, and its name has no password', async () => {
    await sidecar.source.declareWhole?.();
    expect(await sidecar.replica.ready({ timeoutMs: 20_000 })).toBe(true);
    await sidecar.revoke('s');
    await until(() => sidecar.verdict('s') === 'revoked', { what: 'the revocation' });
    expect(sidecar.source.name).toBe(`redis+unix:${join(dir, 'redis.sock')}`);
  });
});
