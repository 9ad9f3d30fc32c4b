import { expect, it } from '@jest/globals';
import type { Family } from '../../src/families/family.ts';
import { MemoryFamilies } from '../../src/families/memory-families.ts';
import { describeFamilyStore } from './family-store-contract.ts';

describeFamilyStore('the families in memory', async () => {
  // Only here time passes for all families: the tests age one, then open the next.
  const clock = { nowMs: 1_800_000_000_000 };
  const store = new MemoryFamilies({ nowMs: () => clock.nowMs, maxFamilies: 1000 });
  return {
    store,
    age: async (_: Family, ms) => {
      clock.nowMs += ms;
    },
  };
});

it('refuses one family more than it may hold', async () => {
  const store = new MemoryFamilies({ nowMs: () => 0, maxFamilies: 0 });
  const family = {
    id: new Uint8Array(16),
    grant: 'g',
    issuer: 'https://login.example.com/',
    client: 'shop',
    subject: 'alice',
    hash: new Uint8Array(32),
    keyId: 1,
    idleMs: 1,
    absoluteMs: 1,
    accessMs: 1,
  };
  await expect(store.open(family)).rejects.toMatchObject({ code: 'store_full' });
});
