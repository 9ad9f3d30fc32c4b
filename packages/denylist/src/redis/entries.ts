import { readArray, readText } from './connection/replies.ts';

/** An entry of the stream as it is stored. */
export interface RawEntry {
  readonly id: string;
  /** The head before it; empty in a foreign entry. */
  readonly prev: string;
  readonly event: string;
}

/** The rows of an `XRANGE`, or of one stream of an `XREAD`. */
export function readEntries(rows: unknown): RawEntry[] {
  return readArray(rows, 'stream entries').map((row) => {
    const [id, fields] = readArray(row, 'stream entry');
    const pairs = readArray(fields, 'stream fields').map((field) => readText(field, 'stream field'));
    const at = (name: string) => {
      const index = pairs.indexOf(name);
      return index < 0 || index % 2 === 1 ? '' : (pairs[index + 1] ?? '');
    };
    return { id: readText(id, 'stream id'), prev: at('p'), event: at('e') };
  });
}
