import type { RedisServer } from '@revocast/test-support';
import { Redis } from 'ioredis';

/** One command past all proxies, as an operator would type it. @throws Error with Redis' own words. */
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
