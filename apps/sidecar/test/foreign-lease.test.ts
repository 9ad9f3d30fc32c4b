import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { startSidecar } from '../src/index.ts';

let redis: RedisServer;
let admin: Redis;

beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

it('becomes fresh while another process has the lease and writes no heartbeats, and leaves the lease there', async () => {
  const lease = '{revocast}:lease';
  // A log that is whole, and to which nothing writes heartbeats.
  await admin.hset('{revocast}:meta', { format: 1, epoch: 'e'.repeat(16), head: 'a'.repeat(16), seq: 0, healUntil: 0 });
  await admin.hset('{revocast}:meta', { maxTokenLifetime: 86_400, minReader: 1 });
  const hold = () => admin.set(lease, 'another', 'PX', 2000);
  await hold();
  const holding = setInterval(() => void hold(), 200);
  const sidecar = await startSidecar(
    { source: redis.url, dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 },
    { log: pino({ level: 'silent' }) },
  );
  await until(async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok, { what: 'a ready sidecar' });
  expect(await admin.get(lease)).toBe('another');
  // One heartbeat only: the holder of the lease writes the others.
  expect(await admin.xlen('{revocast}:log')).toBe(1);
  clearInterval(holding);
  await sidecar.stop();
});
