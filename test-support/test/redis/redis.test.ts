import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, type StartRedisOptions, startRedis } from '../../src/redis/redis.ts';
import { until } from '../../src/until.ts';

const started: RedisServer[] = [];
const start = async (options?: StartRedisOptions): Promise<RedisServer> => {
  const server = await startRedis(options);
  started.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

/** Sends one inline command on a new connection; rejects without an answer within `timeoutMs`. */
async function ask(server: RedisServer, command: string, timeoutMs = 2000): Promise<string> {
  const socket = connect(server.port, server.host);
  try {
    socket.write(`${command}\r\n`);
    const [bytes] = await once(socket, 'data', { signal: AbortSignal.timeout(timeoutMs) });
    return String(bytes);
  } finally {
    socket.destroy();
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('startRedis', () => {
  it('starts a server that answers PING and persists nothing', async () => {
    const server = await start();
    expect(await ask(server, 'PING')).toBe('+PONG\r\n');
    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`);
    expect(await ask(server, 'CONFIG GET save')).toContain('$0\r\n');
    expect(await ask(server, 'CONFIG GET appendonly')).toContain('no\r\n');
    expect(await ask(server, 'CONFIG GET bind')).toContain('\r\n127.0.0.1\r\n');
  });

  it('starts eight servers at the same time on different ports', async () => {
    const servers = await Promise.all(Array.from({ length: 8 }, () => start()));
    expect(new Set(servers.map((server) => server.port)).size).toBe(8);
  });

  it('accepts directives of redis.conf with one or several lines', async () => {
    const config = { maxmemory: '7mb', 'client-output-buffer-limit': ['normal 1 2 3', 'pubsub 4 5 6'] };
    const server = await start({ config });
    expect(await ask(server, 'CONFIG GET maxmemory')).toContain('7340032');
    const limits = await ask(server, 'CONFIG GET client-output-buffer-limit');
    expect(limits).toContain('normal 1 2 3');
    expect(limits).toContain('pubsub 4 5 6');
  });

  it('is ready with a password', async () => {
    const server = await start({ config: { requirepass: 'swordfish' } });
    expect(await ask(server, 'PING')).toContain('-NOAUTH');
    expect(await ask(server, 'AUTH swordfish')).toBe('+OK\r\n');
  });

  it('fails with the log of Redis when it cannot start', async () => {
    await expect(startRedis({ config: { maxmemory: 'plenty' } })).rejects.toThrow(/did not start[\s\S]*maxmemory/);
  });

  it('fails on a port of another Redis, which keeps running', async () => {
    const foreign = await start();
    await expect(startRedis({ port: foreign.port })).rejects.toThrow(/Address already in use/);
    expect(await ask(foreign, 'PING')).toBe('+PONG\r\n');
  });

  it('ends on stop, and removes its directory', async () => {
    const server = await start();
    const pid = server.pid ?? 0;
    await server.stop();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(server.pid).toBeUndefined();
    expect(existsSync(server.dir)).toBe(false);
  });

  it('is empty on the same port after kill and restart', async () => {
    const server = await start();
    const { port, pid } = server;
    await ask(server, 'SET key value');
    await server.kill();
    await expect(ask(server, 'PING')).rejects.toThrow('ECONNREFUSED');
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await ask(server, 'GET key')).toBe('$-1\r\n');
  });

  it('keeps the data of an append-only file after kill', async () => {
    const server = await start({ config: { appendonly: 'yes', appendfsync: 'always' } });
    await ask(server, 'SET key value');
    await server.kill();
    await server.restart();
    expect(await ask(server, 'GET key')).toBe('$5\r\nvalue\r\n');
  });

  it('restarts with the configuration saved by CONFIG REWRITE', async () => {
    const server = await start();
    await ask(server, 'CONFIG SET maxmemory 5mb');
    await ask(server, 'CONFIG REWRITE');
    await server.restart();
    expect(await ask(server, 'CONFIG GET maxmemory')).toContain('5242880');
  });

  it('accepts connections and does not answer while paused', async () => {
    const server = await start();
    server.pause();
    await expect(ask(server, 'PING', 200)).rejects.toThrow('abort');
    server.resume();
    expect(await ask(server, 'PING')).toBe('+PONG\r\n');
  });

  it('can be stopped while paused', async () => {
    const server = await start();
    const pid = server.pid ?? 0;
    server.pause();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('keeps a given directory, which another server can use with its own port and configuration', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'revocast-given-'));
    const first = await start({ dir, config: { appendonly: 'yes', maxmemory: '5mb' } });
    await ask(first, 'SET key value');
    await first.stop();
    const second = await start({ dir, config: { appendonly: 'yes' } });
    expect(await ask(second, 'GET key')).toBe('$5\r\nvalue\r\n');
    expect(await ask(second, 'CONFIG GET maxmemory')).toContain('$1\r\n0\r\n');
    await second.stop();
    await rm(dir, { recursive: true });
  });

  it('replicates another server', async () => {
    const primary = await start();
    await ask(primary, 'SET key value');
    const replica = await start({ replicaOf: primary });
    await until(async () => (await ask(replica, 'GET key')).includes('value'), { what: 'the first copy' });
    expect(await ask(replica, 'SET key other')).toContain('-READONLY');
  });
});
