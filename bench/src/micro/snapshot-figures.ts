import { Denylist } from '@revocast/denylist/replica';
import type { Figure } from '../report/figure.ts';
import { type BuiltFunction, loadFunction } from './built.ts';
import { timeMs } from './timing.ts';

const file = 'codec/snapshot.js';
const header = { feed: '00000000000000ff', n: 1, epoch: '00000000000000ee', maxTokenLifetimeSeconds: 86_400 };

/** Both ends of a snapshot without the wire between them. */
export async function snapshotFigures(denylist: Denylist, passes: number): Promise<Figure[]> {
  const [encode, decode] = [
    loadFunction('denylist', file, 'encodeSnapshot'),
    loadFunction('denylist', file, 'decodeSnapshot'),
  ];
  const rows = denylist.copyRows();
  const bytes = Buffer.concat(encodeAll(encode, rows));
  return [
    {
      name: 'snapshot: copy of the rows, in one go',
      unit: 'ms',
      value: await timeMs(passes, () => denylist.copyRows()),
    },
    { name: 'snapshot: encode', unit: 'ms', value: await timeMs(passes, () => encodeAll(encode, rows)) },
    { name: 'snapshot: check and load', unit: 'ms', value: await timeMs(passes, () => load(decode, bytes)) },
  ];
}

function encodeAll(encode: BuiltFunction, rows: Uint32Array): Uint8Array[] {
  return [...(encode(header, rows) as Iterable<Uint8Array>)]; // a generator of bytes, whatever its options
}

function load(decode: BuiltFunction, bytes: Uint8Array): void {
  const decoded = decode(bytes);
  if (
    typeof decoded !== 'object' ||
    decoded === null ||
    !('rows' in decoded) ||
    !(decoded.rows instanceof Uint8Array)
  ) {
    throw new Error(`no snapshot: ${String(decoded)}`);
  }
  new Denylist({ maxRules: 20_000_000 }).mergeRows(decoded.rows, 'take');
}
