import type { Reader } from '../../src/log/reader.ts';
import type { ReaderRow } from './reader-registry.ts';

/** What a reader says of itself and of those behind it: an API process, a relay or a sidecar. */
export interface Speaker {
  rowsAt(position: { readonly cursor: string } | undefined): readonly ReaderRow[];
  onProgress?(listener: () => void): () => void;
}

/** For the real reporter, which decides when to report; what is reported comes from the speaker. */
export function asReader(id: string, speaker: Speaker): Reader {
  return { id, progress: () => [], onProgress: (listener) => speaker.onProgress?.(listener) ?? (() => {}) };
}
