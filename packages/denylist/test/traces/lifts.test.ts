import { describe, expect, it } from '@jest/globals';
import { steps } from '../model/script.ts';
import type { Step } from '../model/step.ts';
import { World } from '../model/world.ts';

const holds = async (schedule: readonly Step[]) => {
  for (let seed = 0; seed < 20; seed++) expect(await new World({ seed }).run(schedule)).toEqual([]);
};

describe('a process that comes to a sidecar which knows less', () => {
  it('is not left with a denial that it saw lifted, when denial and lift were lost together', async () => {
    await holds([
      ...steps('deny 0', 'lift 0 1000', 'isolate 0', 'cut replication', 'deny 0', 'lift 0 1000', 'kill sidecar 1'),
      ...steps('failover', 'reconnect 0', 'switch 1 0'),
    ]);
  });
});
