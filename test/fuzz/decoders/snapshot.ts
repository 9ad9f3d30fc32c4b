import { crc32 } from 'node:zlib';
import { encodeSnapshot } from '../../../packages/denylist/src/codec/snapshot.ts';
import { SnapshotReader } from '../../../packages/denylist/src/codec/snapshot-reader.ts';
import { Denylist } from '../../../packages/denylist/src/table/denylist.ts';
import type { Decoder } from '../decoder.ts';
import { digest, rule } from './samples.ts';

const header = { feed: '0123456789abcdef', n: 12, epoch: 'fedcba9876543210', maxTokenLifetimeSeconds: 3600 };

function snapshotOf(rules: number): Buffer {
  const denylist = new Denylist();
  for (let index = 0; index < rules; index++) {
    denylist.merge({ digest: Uint32Array.of(...digest.subarray(0, 3), index), rule }, 'take');
  }
  return Buffer.concat([...encodeSnapshot(header, denylist.snapshot())]);
}

/** A snapshot of a sidecar, received in two parts and loaded into a denylist. */
export const snapshot: Decoder = {
  name: 'snapshot',
  seeds: [0, 1, 40].map(snapshotOf),
  format: 'binary',
  decode(input) {
    const reader = new SnapshotReader();
    const cut = input.length === 0 ? 0 : input[input.length - 1]! % input.length;
    reader.add(input.subarray(0, cut));
    reader.add(input.subarray(cut));
    const decoded = reader.end();
    if (typeof decoded === 'string') return decoded;
    const denylist = new Denylist({ maxRules: 1000 });
    denylist.expectRoom(decoded.header.rows);
    for (const page of decoded.pages) denylist.mergeRows(page, 'take');
    return decoded;
  },
  seal(input) {
    const sealed = Buffer.from(input);
    const rows = Math.floor((sealed.length - 52) / 32);
    if (rows < 0) return sealed;
    // The number of rows decides where the checksum is. One of two inputs keeps the number that it has.
    if (sealed[sealed.length - 1]! % 2 === 0) sealed.writeUInt32BE(rows, 40);
    sealed.writeUInt32BE(crc32(sealed.subarray(0, sealed.length - 4)), sealed.length - 4);
    return sealed;
  },
};
