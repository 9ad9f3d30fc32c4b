import type { Config } from '../config/schema.ts';
import { withSource } from './with-source.ts';

/**
 * Gives a log of the last release the skew of a new one: every cutoff of now covers tokens that are as far ahead as a verifier
 * accepts. A publisher of the last release would still add less, so all of them must be upgraded before.
 *
 * @returns the exit code: 0 done, 1 failed, 2 not a log in Redis.
 */
export async function raiseSkew({ source: url }: Config): Promise<number> {
  return await withSource(url, async (source) => {
    if (source.raiseSkew === undefined) {
      process.stderr.write(`source: expected a log in Redis, found ${source.name}\n`);
      return 2;
    }
    const isRaised = await source.raiseSkew();
    const next = isRaised ? 'raised; now restart the sidecars, then the API processes' : 'nothing to do';
    process.stdout.write(`${source.name}: ${next}\n`);
    return 0;
  });
}
