import { rowWords } from '../codec/rows.ts';

// A block has 512 words for the thousand rules of a segment (two thousand just before it splits). Each rule sets three
// bits of one word. So one lookup in a hundred finds all of its bits set by other rules (one in twenty just before the
// split). With one bit per rule it would be one in sixteen, and a check makes nine lookups.
const blockWordsLog2 = 9;
const blockWords = 2 ** blockWordsLog2;
const blocksPerChunk = 256;

/**
 * A few bits for each rule, in one block per segment of a {@link RuleTable}. Most lookups are for values that are not
 * revoked: one load from a small array answers them, while the table would cost several loads from memory that is not in
 * a cache. A clear bit is certain; when all bits are set, the table decides.
 */
export class BloomFilter {
  /** Blocks are allocated in chunks, so that growing does not copy them. */
  readonly #chunks: Uint32Array[] = [];

  get bytes(): number {
    return this.#chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** 1 when the segment may contain a rule with this third word of its digest, 0 when it contains none. */
  mayHold(segmentIndex: number, thirdWord: number): 0 | 1 {
    const chunk = this.#chunks[(segmentIndex / blocksPerChunk) | 0]!;
    const bits = bitsOf(thirdWord);
    return (chunk[wordOf(segmentIndex, thirdWord)]! & bits) === bits ? 1 : 0;
  }

  /** Notes the rows between two offsets, which belong to this segment. */
  noteRows(segmentIndex: number, rows: Uint32Array, from: number, end: number): void {
    const chunk = this.#chunkFor(segmentIndex);
    for (let at = from; at < end; at += rowWords) {
      const thirdWord = rows[at + 2]!;
      chunk[wordOf(segmentIndex, thirdWord)]! |= bitsOf(thirdWord);
    }
  }

  /** Clears all bits of a segment, before its rules are noted again. */
  clear(segmentIndex: number): void {
    const from = (segmentIndex % blocksPerChunk) * blockWords;
    this.#chunkFor(segmentIndex).fill(0, from, from + blockWords);
  }

  #chunkFor(segmentIndex: number): Uint32Array {
    const index = (segmentIndex / blocksPerChunk) | 0;
    const segmentsOfChunk = (segmentIndex % blocksPerChunk) + 1;
    const chunk = this.#chunks[index];
    if (chunk !== undefined && chunk.length >= segmentsOfChunk * blockWords) return chunk;
    // A small table does not need a whole chunk: a chunk doubles until it has its full size.
    const blocks = Math.min(blocksPerChunk, Math.max(segmentsOfChunk, ((chunk?.length ?? 0) / blockWords) * 2));
    const larger = new Uint32Array(blocks * blockWords);
    if (chunk !== undefined) larger.set(chunk);
    this.#chunks[index] = larger;
    return larger;
  }
}

function wordOf(segmentIndex: number, thirdWord: number): number {
  return (segmentIndex % blocksPerChunk) * blockWords + (thirdWord >>> (32 - blockWordsLog2));
}

/** Uses other bits of the third word than {@link wordOf}. */
function bitsOf(thirdWord: number): number {
  return (1 << (thirdWord & 31)) | (1 << ((thirdWord >>> 5) & 31)) | (1 << ((thirdWord >>> 10) & 31));
}
