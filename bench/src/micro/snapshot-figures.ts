import { Denylist } from '@revocast/denylist/replica';
import { readMessage } from '../message.ts';
import type { Figure } from '../report/figure.ts';
import { type BuiltClass, type BuiltFunction, loadClass, loadFunction } from './built.ts';
import { timeMs } from './timing.ts';

const header = { feed: '00000000000000ff', n: 1, epoch: '00000000000000ee', maxTokenLifetimeSeconds: 86_400 };
/** The usual size of a read from a socket. */
const chunkBytes = 65_536;

/** Measures both ends of a snapshot without the network. */
export async function snapshotFigures(denylist: Denylist, passes: number): Promise<Figure[]> {
  const encode = loadFunction('denylist', 'codec/snapshot.js', 'encodeSnapshot');
  const reader = loadClass('denylist', 'codec/snapshot-reader.js', 'SnapshotReader');
  const bytes = Buffer.concat(encodeAll(encode, denylist));
  const unit = 'ms';
  return [
    { name: 'snapshot: copy of the rows', unit, value: await timeMs(passes, () => denylist.snapshot()) },
    { name: 'snapshot: encode', unit, value: await timeMs(passes, () => encodeAll(encode, denylist)) },
    { name: 'snapshot: check and load', unit, value: await timeMs(passes, () => readAndLoad(reader, bytes)) },
  ];
}

function encodeAll(encode: BuiltFunction, denylist: Denylist): Uint8Array[] {
  return [...(encode(header, denylist.snapshot()) as Iterable<Uint8Array>)]; // encodeSnapshot is a generator of bytes
}

function readAndLoad(Reader: BuiltClass, bytes: Uint8Array): void {
  const reader = new Reader() as { add(chunk: Uint8Array): void; end(): unknown }; // snapshot-reader.ts
  for (let from = 0; from < bytes.byteLength; from += chunkBytes) reader.add(bytes.subarray(from, from + chunkBytes));
  const { header: read, pages } = readMessage(reader.end());
  const denylist = new Denylist({ maxRules: 20_000_000 });
  denylist.expectRoom(Number(readMessage(read)['rows']));
  for (const page of pages as Iterable<Uint32Array>) denylist.mergeRows(page, 'take'); // snapshot-reader.ts
}
