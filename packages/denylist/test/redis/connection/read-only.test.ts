import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectRedis } from '../../../src/redis/connection/connect.ts';
import { parseRedisSource } from '../../../src/sources/redis-source.ts';

const refusal = "-READONLY You can't write against a read only replica.\r\n";

describe('given a server that is no longer the primary', () => {
  let server: Server;
  let url: string;
  let socket: Socket;
  beforeEach(async () => {
    server = createServer((accepted) => {
      socket = accepted;
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('expected a port');
    url = `redis://127.0.0.1:${address.port}`;
  });
  afterEach(async () => {
    socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it('closes the connection, and a new one may find the new primary', async () => {
    const redis = await connectRedis(parseRedisSource(url, 'source'));
    const call = redis.call('INCR', ['a']);
    socket.write(refusal);
    await expect(call).rejects.toMatchObject({ code: 'read_only' });
    expect({ open: redis.open, closed: redis.closed.aborted }).toEqual({ open: false, closed: true });
  });

  it('takes no new command, and closes when those in progress are answered: the outcome of none is unknown', async () => {
    const redis = await connectRedis(parseRedisSource(url, 'source'));
    const calls = [redis.call('INCR', ['a']), redis.call('INCR', ['b'])];
    socket.write(refusal);
    await expect(calls[0]).rejects.toMatchObject({ code: 'read_only' });
    expect({ open: redis.open, closed: redis.closed.aborted }).toEqual({ open: false, closed: false });
    socket.write(refusal);
    await expect(calls[1]).rejects.toMatchObject({ code: 'read_only' });
    expect(redis.closed.aborted).toBe(true);
  });
});
