// 512 words a block, for the thousand rules of a segment (two thousand just before it splits). A rule sets three bits of
// one word, so that one probe in a hundred finds all of its bits set by others (one in twenty just before the split):
// a single bit of sixteen thousand would be found set by one probe in sixteen, and nine probes are one check.
const blockWordsLog2 = 9;
const blockWords = 2 ** blockWordsLog2;
const blocksPerChunk = 256;

/**
 * A few bits for each rule held, in a block for each segment of a {@link RuleTable}. Most probes look for what nobody
 * revoked: one load of a small array answers them, where the table itself would cost a walk through memory that is in
 * no cache. A clear bit is certain; set ones mean nothing until the table has been asked.
 */
export class BloomFilter {
  /** Blocks in chunks, so that growing copies nothing. */
  readonly #chunks: Uint32Array[] = [];

  get bytes(): number {
    return this.#chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** 1 when a rule with this third word may lie in the segment, 0 when none does. */
  mayHold(segmentIndex: number, thirdWord: number): 0 | 1 {
    const chunk = this.#chunks[(segmentIndex / blocksPerChunk) | 0]!;
    const bits = bitsOf(thirdWord);
    return (chunk[wordOf(segmentIndex, thirdWord)]! & bits) === bits ? 1 : 0;
  }

  note(segmentIndex: number, thirdWord: number): void {
    this.#chunkFor(segmentIndex)[wordOf(segmentIndex, thirdWord)]! |= bitsOf(thirdWord);
  }

  /** Takes all bits of a segment away; whoever lays it out anew notes what is left. */
  clear(segmentIndex: number): void {
    const from = (segmentIndex % blocksPerChunk) * blockWords;
    this.#chunkFor(segmentIndex).fill(0, from, from + blockWords);
  }

  #chunkFor(segmentIndex: number): Uint32Array {
    const index = (segmentIndex / blocksPerChunk) | 0;
    const segmentsOfChunk = (segmentIndex % blocksPerChunk) + 1;
    const chunk = this.#chunks[index];
    if (chunk !== undefined && chunk.length >= segmentsOfChunk * blockWords) return chunk;
    // A small table does not pay for a whole chunk: each one doubles up to its size.
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

/** Of other bits of the word than those that choose the place. */
function bitsOf(thirdWord: number): number {
  return (1 << (thirdWord & 31)) | (1 << ((thirdWord >>> 5) & 31)) | (1 << ((thirdWord >>> 10) & 31));
}
