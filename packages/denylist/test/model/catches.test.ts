import { describe, expect, it } from '@jest/globals';
import { flaws } from './flaws.ts';
import { schedules } from './schedules.ts';
import { World } from './world.ts';

describe.each(flaws)('a protocol with the flaw "%s"', (flaw) => {
  const { steps, ...options } = schedules[flaw];

  it('is caught by the model', async () => {
    let found: readonly string[] = [];
    // Which delays it takes is chance: a seed that hits is soon found.
    for (let seed = 0; seed < 100 && found.length === 0; seed++) {
      found = await new World({ seed, flaw, ...options }).run(steps);
    }
    expect(found).not.toEqual([]);
  });

  it('breaks a promise by this flaw alone: without it the same schedule breaks none', async () => {
    for (let seed = 0; seed < 2; seed++) expect(await new World({ seed, ...options }).run(steps)).toEqual([]);
  });
});
