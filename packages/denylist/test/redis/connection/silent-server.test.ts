import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fixForFeedError } from '../../../src/log/feed-error-fixes.ts';
import { connectRedis } from '../../../src/redis/connection/connect.ts';
import { parseRedisSource } from '../../../src/sources/redis-source.ts';

describe('given a server that accepts a connection and never answers', () => {
  let server: Server;
  let port: number;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    server = createServer((socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('expected a port');
    ({ port } = address);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it('fails a handshake with the code timeout', async () => {
    // The password makes the client wait for the reply to AUTH.
    const source = parseRedisSource(`redis://:secret@127.0.0.1:${port}`, 'source');
    const name = `redis://127.0.0.1:${port}`;
    const message = `${name}: ${fixForFeedError('timeout')}`;
    await expect(connectRedis(source, { connectMs: 50 })).rejects.toMatchObject({ code: 'timeout', message });
  });

  it('fails a command with the code timeout, and closes the connection', async () => {
    const redis = await connectRedis(parseRedisSource(`redis://127.0.0.1:${port}`, 'source'), { commandMs: 50 });
    await expect(redis.call('PING', [])).rejects.toMatchObject({ code: 'timeout' });
    expect({ open: redis.open, closed: redis.closed.aborted }).toEqual({ open: false, closed: true });
  });
});
