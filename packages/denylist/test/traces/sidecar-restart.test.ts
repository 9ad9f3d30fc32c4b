import { expect, it } from '@jest/globals';
import { steps } from '../model/script.ts';
import { World } from '../model/world.ts';

it('a sidecar that restarts, or another one in its place, makes no process stale: what it held is still complete', async () => {
  for (const schedule of [
    steps('deny 0', 'kill sidecar 0', 'start sidecar 0', 'wait 7000'),
    steps('deny 0', 'switch 0 1', 'wait 7000'),
  ]) {
    for (let seed = 0; seed < 10; seed++) {
      const staleAt: number[] = [];
      const onSlice = ({ clock, processes }: World) => {
        if (!processes[0]?.replica.freshness.isFresh()) staleAt.push(clock.monotonicMs());
      };
      expect(await new World({ seed, onSlice }).run(schedule)).toEqual([]);
      expect(staleAt).toEqual([]);
    }
  }
});
