import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { ConfigurationError } from '../../src/configuration-error.ts';
import { leastMaxStalenessMs, mostMaxStalenessMs } from '../../src/replication/max-staleness.ts';
import { openReplica } from '../../src/replication/open-replica.ts';
import { openLookUp } from '../../src/sources/open-look-up.ts';
import { ScriptedFeed } from './scripted-feed.ts';

const random = () => 0.5;

const openers: [string, (maxStalenessMs: number) => Promise<void>][] = [
  [
    'a replica',
    async (maxStalenessMs) => {
      const feed = new ScriptedFeed();
      const replica = openReplica({ feed, clock: new FakeClock(), random, maxStalenessMs });
      await replica.close();
    },
  ],
  [
    'a look-up',
    async (maxStalenessMs) => {
      const lookUp = await openLookUp('redis://127.0.0.1:1', { clock: new FakeClock(), random, maxStalenessMs });
      await lookUp.close();
    },
  ],
];

describe.each(openers)('the maxStalenessMs of %s', (_name, open) => {
  it.each([
    ['the least', leastMaxStalenessMs],
    ['the most', mostMaxStalenessMs],
  ])('may be %s', async (_bound, ms) => {
    await expect(open(ms)).resolves.toBeUndefined();
  });

  it.each([
    ['below the least', leastMaxStalenessMs - 1],
    ['above the most', mostMaxStalenessMs + 1],
    ['a fraction', leastMaxStalenessMs + 0.5],
    ['not a number', Number.NaN],
  ])('may not be %s', async (_what, ms) => {
    const refusal = `maxStalenessMs: expected a whole number of ms from 2000 to 60000, found ${ms}`;
    await expect(open(ms)).rejects.toThrow(refusal);
    await expect(open(ms)).rejects.toBeInstanceOf(ConfigurationError);
  });
});
