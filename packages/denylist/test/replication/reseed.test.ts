import { describe, expect, it } from '@jest/globals';
import { SnapshotContents } from '../../src/replication/reseed.ts';
import { emptyRule, forEver } from '../../src/rules/rule.ts';
import { Denylist } from '../../src/table/denylist.ts';

const rule = { ...emptyRule, deniedUntil: forEver, denialStamp: 1 };
const numbered = (index: number) => ({
  digest: Uint32Array.of(Math.imul(index, 0x9e3779b1) >>> 0, index, Math.imul(index, 0x85ebca6b) >>> 0, 0),
  rule,
});

describe('what a snapshot lacked', () => {
  it('is found in turns, and is what was held when the search began', async () => {
    const held = new Denylist();
    for (let index = 0; index < 10_000; index++) held.merge(numbered(index), 'union');
    let turns = 0;
    const lacking = await new SnapshotContents().lacking(held, {
      nowSeconds: undefined,
      maxTokenLifetimeSeconds: 86_400,
      async turn() {
        turns += 1;
        // A live change, which the log has.
        held.merge(numbered(10_000 + turns), 'union');
      },
    });
    expect(lacking).toHaveLength(10_000);
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(held.size).toBe(10_000 + turns);
  });
});
