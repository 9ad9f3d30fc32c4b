import { createHash } from 'node:crypto';
import type { RedisServer } from '@revocast/test-support';
import { Redis } from 'ioredis';

/**
 * Writes `count` rules that cover no token directly into the rules of an empty log: denials that all end in the same
 * second, by default in a day. This is faster than publishing them, and gives the same snapshot.
 */
export async function putRules(
  primary: RedisServer,
  count: number,
  deniedUntil = Math.floor(Date.now() / 1000) + 86_400,
): Promise<void> {
  const client = new Redis({ host: primary.host, port: primary.port, protocol: 2, retryStrategy: null });
  const rule = Buffer.alloc(16);
  rule.writeUInt32BE(deniedUntil, 0);
  rule.writeUInt32BE(Math.floor(Date.now() / 1000), 8);
  try {
    for (let from = 0; from < count; from += 5000) {
      const fields: Buffer[] = [];
      for (let index = from; index < Math.min(count, from + 5000); index++) {
        fields.push(createHash('sha256').update(`nobody-${index}`).digest().subarray(0, 16), rule);
      }
      await client.hset('{revocast}:rules', ...fields);
    }
  } finally {
    client.disconnect();
  }
}
