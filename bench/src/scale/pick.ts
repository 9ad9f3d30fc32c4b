import type { Costs } from './constants.ts';
import type { Fleet } from './fleet.ts';
import { isWithin, limitsOf } from './limits.ts';

const fanOuts = [50, 100, 200, 400];
const logCounts = [1, 2, 4, 8, 16, 32, 64];

/** Topologies from the simplest to the most complex, in the order of logs, tiers of relays and location of sidecars. */
export function* candidates(fleet: Fleet): Generator<Fleet> {
  for (const logs of logCounts) {
    for (const tiers of [0, 1, 2, 3]) {
      for (const bottom of ['pod', 'node'] as const) {
        for (const fanOut of tiers === 0 ? [fleet.fanOut] : fanOuts) yield { ...fleet, logs, tiers, bottom, fanOut };
      }
    }
  }
}

/** The simplest topology within all limits; undefined when no candidate is. */
export function pickTopology(fleet: Fleet, costs: Costs): Fleet | undefined {
  for (const candidate of candidates(fleet)) {
    if (limitsOf(candidate, costs).every(isWithin)) return candidate;
  }
  return undefined;
}
