import { readArray, readText } from './connection/replies.ts';

/** An entry as the stream stores it. */
export interface RawEntry {
  readonly id: string;
  /** The head before it; empty in an entry of another program. */
  readonly prev: string;
  readonly event: string;
}

/** The entries in the reply to an `XRANGE`, or of one stream in the reply to an `XREAD`. */
export function readEntries(rows: unknown): RawEntry[] {
  return readArray(rows, 'stream entries').map((row) => {
    const [id, fields] = readArray(row, 'stream entry');
    const texts = readArray(fields, 'stream fields').map((field) => readText(field, 'stream field'));
    const [p, prev = '', e, event = ''] = texts;
    const isOurs = p === 'p' && e === 'e';
    return { id: readText(id, 'stream id'), prev: isOurs ? prev : '', event: isOurs ? event : '' };
  });
}

/** Which of two stream ids is later, as a sort function says it. A stream id is two numbers: milliseconds, and a counter within one millisecond. */
export function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs - bMs || aSeq - bSeq;
}
