import type { Config } from '../config/schema.ts';
import { withSource } from './with-source.ts';

/**
 * Deletes rules with a stamp or a lift that no clock can have written: such a denial can never be lifted. Every process
 * that holds one in memory must be restarted.
 *
 * @returns the exit code: 0 done, 1 failed, 2 not a log in Redis.
 */
export async function repair({ source: url }: Config): Promise<number> {
  return await withSource(url, async (source) => {
    if (source.repair === undefined) {
      process.stderr.write(`source: expected a log in Redis, found ${source.name}\n`);
      return 2;
    }
    const deleted = await source.repair();
    const next = deleted === 0 ? 'nothing to do' : 'now restart the sidecars and the API processes';
    process.stdout.write(`${source.name}: deleted ${deleted} impossible rules; ${next}\n`);
    return 0;
  });
}
