import { crc32 } from 'node:zlib';
import {
  decodeFile,
  encodeClosing,
  encodeEntries,
  encodeFile,
} from '../../../packages/denylist/src/embedded/file/frames.ts';
import { emptyState } from '../../../packages/denylist/src/embedded/memory/log-state.ts';
import type { Decoder } from '../decoder.ts';
import { change, digest, rule } from './samples.ts';

function fileOf(rules: number): Buffer {
  const state = emptyState();
  if (rules > 0) state.table.set(digest, rule);
  state.ids.set('event-0', { seq: 0, loggedAtMs: 1, fingerprint: undefined });
  const header = { epoch: '0123456789abcdef', inode: '1', maxTokenLifetimeSeconds: 3600 };
  const entries = [{ seq: 1, change: { ...change, loggedAtMs: 1_800_000_000_000 }, id: 'event-1', fingerprint: 'f' }];
  return Buffer.concat([...encodeFile(header, state), encodeEntries(entries), encodeClosing(0)]);
}

/** A `file:` log. */
export const logFile: Decoder = {
  name: 'log-file',
  seeds: [0, 1].map(fileOf),
  format: 'binary',
  decode: decodeFile,
  seal(input) {
    const sealed = Buffer.from(input);
    // Each frame: its length, its checksum, its bytes.
    for (let at = 8; at + 8 < sealed.length; ) {
      const end = at + 8 + sealed.readUInt32BE(at);
      if (end > sealed.length) break;
      sealed.writeUInt32BE(crc32(sealed.subarray(at + 8, end)), at + 4);
      at = end;
    }
    return sealed;
  },
};
