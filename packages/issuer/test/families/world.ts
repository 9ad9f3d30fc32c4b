import { createHash } from 'node:crypto';
import type { LifecycleEvent } from '../../src/events/lifecycle-event.ts';
import { createFamilies } from '../../src/families/create-families.ts';
import type { Families } from '../../src/families/families.ts';
import type { FamilyObserver } from '../../src/families/family-observer.ts';
import type { FamilyStore } from '../../src/families/family-store.ts';
import { MemoryFamilies } from '../../src/families/memory-families.ts';
import { type FamilyOptions, readFamilyOptions } from '../../src/families/options/family-options.ts';
import type { Outcome } from '../../src/lifecycle/outcome.ts';
import { secretOf, issuer as testIssuer } from './keys-of-test.ts';

export interface World {
  readonly families: Families;
  readonly store: FamilyStore;
  readonly clock: { nowMs: number };
  /** The events that were noted for ended families. */
  readonly noted: LifecycleEvent[];
  readonly shadowed: string[];
  readonly counted: string[];
}

/** Families in memory, with a clock that only the test moves. */
export function createWorld(
  options: Partial<FamilyOptions> = {},
  {
    store: given,
    observer = {},
    issuer = testIssuer,
  }: { store?: FamilyStore; observer?: Partial<FamilyObserver>; issuer?: string } = {},
): World {
  const clock = { nowMs: 1_800_000_000_000 };
  const store = given ?? new MemoryFamilies({ nowMs: () => clock.nowMs, maxFamilies: 1000 });
  const noted: LifecycleEvent[] = [];
  const shadowed: string[] = [];
  const counted: string[] = [];
  let drawn = 0;
  const families = createFamilies({
    issuer,
    store,
    settings: readFamilyOptions({ keys: [{ id: 1, secret: secretOf('key 1') }], ...options }, issuer),
    randomBytes: (length) => createHash('sha256').update(`draw ${drawn++}`).digest().subarray(0, length),
    observer: {
      refreshed: ({ outcome }) => counted.push(outcome),
      refused: ({ outcome }) => counted.push(outcome),
      shadowed: () => shadowed.push('shop'),
      ...observer,
    },
    countLiveAccess: () => store.countLiveAccess(),
    note: async (event) => {
      noted.push(event);
      return loggedOutcome;
    },
    report: async (event) => {
      noted.push(event);
      return loggedOutcome;
    },
  });
  return { families, store, clock, noted, shadowed, counted };
}

const loggedOutcome: Outcome = { state: 'logged', id: 'e', published: [], settled: async () => loggedOutcome };
