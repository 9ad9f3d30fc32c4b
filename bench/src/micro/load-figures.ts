import { Denylist } from '@revocast/denylist/replica';
import type { Figure } from '../report/figure.ts';
import { summarize } from '../report/statistics.ts';
import { settledBytes } from './memory.ts';

const sliceWords = 2048 * 8;

interface Load {
  readonly ms: number;
  readonly longestSliceMs: number;
  readonly countedBytes: number;
  readonly heldBytes: number;
  readonly peakBytes: number;
}

/** Measures a cold start without the network: loads rows into empty denylists and reads the peak memory. */
export function loadFigures(rows: Uint32Array, passes: number): Figure[] {
  const loads = Array.from({ length: passes }, () => load(rows));
  const of = (name: string, unit: string, key: keyof Load, per = 1): Figure => ({
    name,
    unit,
    value: summarize(loads.map((one) => one[key] / per)),
  });
  const rules = rows.length / 8;
  return [
    of('load of all rows', 'ms', 'ms'),
    of('longest slice of 2048 rows', 'ms', 'longestSliceMs'),
    of('bytes a rule, reported by the denylist', 'bytes', 'countedBytes', rules),
    of('bytes a rule, of the process', 'bytes', 'heldBytes', rules),
    of('peak while growing, with garbage', 'bytes/rule', 'peakBytes', rules),
  ];
}

function load(rows: Uint32Array): Load {
  const before = settledBytes();
  const { arrayBuffers: others } = process.memoryUsage();
  const denylist = new Denylist({ maxRules: 20_000_000 });
  let [longestSliceMs, ms, peakBytes] = [0, 0, 0];
  for (let from = 0; from < rows.length; from += sliceWords) {
    const at = performance.now();
    denylist.mergeRows(rows.slice(from, from + sliceWords), 'take');
    const sliceMs = performance.now() - at;
    ms += sliceMs;
    longestSliceMs = Math.max(longestSliceMs, sliceMs);
    peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - others);
  }
  const heldBytes = settledBytes() - before;
  // Read after settledBytes(), so that the denylist is not collected before.
  return { ms, longestSliceMs, countedBytes: denylist.bytes, heldBytes, peakBytes };
}
