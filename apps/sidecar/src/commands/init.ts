import { openSource, randomHex, systemClock, systemRandom } from '@revocast/denylist/replica';
import type { Config } from '../config/schema.ts';
import { codeOf } from '../log-state-changes.ts';

const outcomes = {
  created: 'made a log and declared it whole',
  healed: 'declared a healing log whole',
  whole: 'nothing to do: the log is whole',
};

/**
 * Declares a first log whole. Without it a new log heals for 15 s, because nobody can tell "new" from "lost": only an
 * operator knows that nothing was ever revoked.
 */
export async function init({ source: url }: Config): Promise<number> {
  const source = await openSource(url, { clock: systemClock, random: systemRandom, newEpoch: () => randomHex(8) });
  try {
    if (source.declareWhole === undefined) {
      process.stderr.write(`source: only a log in Redis is declared whole; ${source.name} needs no init\n`);
      return 2;
    }
    const outcome = await source.declareWhole();
    process.stdout.write(`${source.name}: ${outcomes[outcome]}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${source.name}: failed (${codeOf(error)})\n`);
    return 1;
  } finally {
    await source.close();
  }
}
