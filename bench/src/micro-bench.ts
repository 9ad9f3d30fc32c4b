import { Denylist, digestSetOf, dimensions } from '@revocast/denylist/replica';
import { randomRows } from './rules.ts';

export interface MicroLine {
  readonly rules: number;
  readonly loadMs: number;
  /** The longest stretch of the load without a turn of the event loop. */
  readonly longestSliceMs: number;
  readonly bytesPerRule: number;
  /** A check of nine dimensions whose digests are at hand. */
  readonly checkHotNs: number;
  /** The same over twenty thousand tokens in turn: every probe misses the processor's caches. */
  readonly checkColdNs: number;
}

const sliceRows = 2048;

export function benchDenylist(rules: number): MicroLine {
  const rows = randomRows(rules);
  const denylist = new Denylist({ maxRules: rules + 1 });
  let longestSliceMs = 0;
  const startedAt = performance.now();
  for (let from = 0; from < rows.byteLength; from += sliceRows * 32) {
    const sliceAt = performance.now();
    denylist.mergeRows(rows.subarray(from, from + sliceRows * 32), 'take');
    longestSliceMs = Math.max(longestSliceMs, performance.now() - sliceAt);
  }
  const loadMs = performance.now() - startedAt;
  const sets = Array.from({ length: 20_000 }, (_, index) =>
    digestSetOf(dimensions.map((dimension) => ({ dimension, issuer: 'https://issuer.test', value: `v${index}` }))),
  );
  const time = (used: readonly (typeof sets)[number][], checks: number) => {
    const at = performance.now();
    for (let check = 0; check < checks; check++) denylist.denyingDimension(used[check % used.length]!, 1, 2);
    return ((performance.now() - at) / checks) * 1e6;
  };
  time(sets, 100_000);
  return {
    rules,
    loadMs,
    longestSliceMs,
    bytesPerRule: denylist.bytes / denylist.size,
    checkHotNs: time(sets.slice(0, 1), 500_000),
    checkColdNs: time(sets, 200_000),
  };
}
