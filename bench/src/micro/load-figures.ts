import type { Denylist } from '@revocast/denylist/replica';
import type { Figure } from '../report/figure.ts';
import { summarize } from '../report/statistics.ts';
import { settledBytes } from './memory.ts';

const sliceBytes = 2048 * 32;

/** A cold start without the wire: rows into an empty denylist, in slices, and the memory that takes at worst. */
export function loadFigures(denylist: Denylist, rows: Uint8Array): Figure[] {
  const before = settledBytes();
  const { arrayBuffers: held } = process.memoryUsage();
  denylist.expectRoom(rows.byteLength / 32); // a snapshot says how many it holds
  let [longestSliceMs, loadMs, peakBytes] = [0, 0, 0];
  for (let from = 0; from < rows.byteLength; from += sliceBytes) {
    const at = performance.now();
    denylist.mergeRows(rows.subarray(from, from + sliceBytes), 'take');
    const ms = performance.now() - at;
    loadMs += ms;
    longestSliceMs = Math.max(longestSliceMs, ms);
    peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - held);
  }
  const once = (name: string, unit: string, value: number): Figure => ({ name, unit, value: summarize([value]) });
  return [
    once('load of all rows', 'ms', loadMs),
    once('longest slice of 2048 rows', 'ms', longestSliceMs),
    once('bytes a rule, as the denylist counts them', 'bytes', denylist.bytes / denylist.size),
    once('bytes a rule, as the process does', 'bytes', (settledBytes() - before) / denylist.size),
    once('peak while growing, garbage included', 'bytes/rule', peakBytes / denylist.size),
  ];
}
