import { Denylist, type DigestSet, digestSetOf, dimensions } from '@revocast/denylist/replica';
import { randomRows } from './rules.ts';

export interface MicroLine {
  readonly rules: number;
  readonly loadMs: number;
  /** The longest stretch of the load without a turn of the event loop. */
  readonly longestSliceMs: number;
  readonly bytesPerRule: number;
  /** A check of nine dimensions of a token that was found clear, nothing having changed since. */
  readonly checkKnownNs: number;
  /** All nine probes, over twenty tokens in turn: they stay in the processor's caches. */
  readonly checkHotNs: number;
  /** All nine probes, over twenty thousand tokens in turn: with many rules every probe misses the caches. */
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
  const pass = (used: readonly DigestSet[]) => {
    const at = performance.now();
    for (const digests of used) denylist.denyingDimension(digests, 1, 2);
    return performance.now() - at;
  };
  /** Nanoseconds a check. A check notes that it found nothing; that note is taken away before each pass. */
  const time = (used: readonly DigestSet[], passes: number, known = false) => {
    let ms = 0;
    for (let count = 0; count < passes; count++) {
      if (!known) for (const digests of used) delete digests.cleared;
      ms += pass(used);
    }
    return (ms / passes / used.length) * 1e6;
  };
  time(sets, 5);
  return {
    rules,
    loadMs,
    longestSliceMs,
    bytesPerRule: denylist.bytes / denylist.size,
    checkKnownNs: time(sets, 20, true),
    checkHotNs: time(sets.slice(0, 20), 5000),
    checkColdNs: time(sets, 10),
  };
}
