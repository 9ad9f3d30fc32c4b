import { Redis } from 'ioredis';
import { randomRows } from '../rules/random-rows.ts';

/** Rules of one command, and commands of one pipeline. */
const perCommand = 500;
const perPipeline = 20;

/** Writes rules directly to their key in Redis (docs/protocol.md): appending ten million to the log would take an hour. */
export async function fillLog(url: string, rules: number): Promise<void> {
  const redis = new Redis(url);
  for (let written = 0; written < rules; ) {
    const pipeline = redis.pipeline();
    for (let command = 0; command < perPipeline && written < rules; command++) {
      const count = Math.min(perCommand, rules - written);
      const rows = Buffer.from(randomRows(count).buffer).swap32(); // big-endian
      const fields: Buffer[] = [];
      for (let at = 0; at < rows.byteLength; at += 16) fields.push(rows.subarray(at, at + 16));
      pipeline.hset('{revocast}:rules', ...fields);
      written += count;
    }
    for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
  }
  await redis.quit();
}
