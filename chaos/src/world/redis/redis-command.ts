import type { RedisServer } from '@revocast/test-support';
import { Redis } from 'ioredis';

/** Sends one command directly to Redis, without a proxy. @throws Error with the error text of Redis. */
export async function redisCommand(
  server: Pick<RedisServer, 'host' | 'port'>,
  command: string,
  ...args: readonly (string | number | Buffer)[]
): Promise<unknown> {
  const client = new Redis({
    host: server.host,
    port: server.port,
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    protocol: 2,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}
