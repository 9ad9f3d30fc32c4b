import { type Change, type DigestSet, type Dimension, denies, type RevocationTimes } from '@revocast/denylist/replica';

const defaultCapacity = 8192;

/** More dimensions than a token of one key has; a token of a key with many kids is kept as it is. */
const copiedDimensions = 12;

/** An accepted request. */
export interface Accept {
  readonly digests: DigestSet;
  readonly issuedAt: number;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Whether the denylist was fresh at the acceptance. */
  readonly fresh: boolean;
  /** Whether nothing else keeps the digests: they are then copied. Default false. */
  readonly isFirstUse?: boolean;
}

/** An accepted request whose token is covered by a rule that was applied later. */
export interface ExposedAccept {
  readonly dimension: Dimension;
  /** Milliseconds from the revocation to the acceptance. */
  readonly ageMs: number;
  /** Accepted later than the stated bound while fresh: this violates the guarantee. */
  readonly leaked: boolean;
}

export interface RecentAcceptsOptions {
  /** Accepted requests kept, default 8192. A busy process finds no earlier ones. */
  readonly capacity?: number;
  /** `maxStalenessMs`. */
  readonly boundMs: number;
}

/**
 * Keeps the last accepted requests, to find those with a revoked token: accepted between the revocation and its arrival in
 * this process (exposed: normal, requests arrive in these milliseconds), or later than the stated bound (leaked: must never
 * happen). It holds only digests and times.
 */
export class RecentAccepts {
  // A ring in columns: one object per entry would live just long enough for the garbage collector to copy it twice.
  readonly #digests: (DigestSet | undefined)[];
  /** The words of first uses, as many for each place; undefined until there is one. They are not kept as objects either. */
  #copied: Uint32Array | undefined;
  /** What those of a first use name; undefined at the other places. */
  readonly #named: (DigestSet['dimensions'] | undefined)[];
  readonly #issuedAt: Float64Array;
  readonly #atMs: Float64Array;
  readonly #fresh: Uint8Array;
  readonly #boundMs: number;
  #next = 0;

  constructor({ capacity = defaultCapacity, boundMs }: RecentAcceptsOptions) {
    this.#digests = new Array<DigestSet | undefined>(capacity).fill(undefined);
    this.#named = new Array<DigestSet['dimensions'] | undefined>(capacity).fill(undefined);
    this.#issuedAt = new Float64Array(capacity);
    this.#atMs = new Float64Array(capacity);
    this.#fresh = new Uint8Array(capacity);
    this.#boundMs = boundMs;
  }

  add({ digests, issuedAt, atMs, fresh, isFirstUse = false }: Accept): void {
    const at = this.#next;
    const isCopied = isFirstUse && digests.dimensions.length <= copiedDimensions;
    if (isCopied) this.#copy(digests, at);
    else if (this.#named[at] !== undefined) this.#named[at] = undefined;
    this.#digests[at] = isCopied ? undefined : digests;
    this.#issuedAt[at] = issuedAt;
    this.#atMs[at] = atMs;
    this.#fresh[at] = fresh ? 1 : 0;
    this.#next = at + 1 === this.#digests.length ? 0 : at + 1;
  }

  /**
   * Finds the accepted requests that a change covers. Goes back in time to the revocation, which is usually a few
   * milliseconds of traffic.
   *
   * @param monotonicMs now, on the clock of {@link add}.
   */
  coveredBy(
    { digest, rule }: Change,
    times: Pick<RevocationTimes, 'occurredAtMs' | 'loggedAtMs' | 'appliedAtMs'>,
    monotonicMs: number,
  ): readonly ExposedAccept[] {
    const covered: ExposedAccept[] = [];
    const capacity = this.#digests.length;
    for (let back = 1; back <= capacity; back++) {
      const at = (this.#next - back + capacity) % capacity;
      const words = this.#wordsAt(at);
      if (words === undefined) break;
      const atLogMs = times.appliedAtMs - (monotonicMs - this.#atMs[at]!);
      if (atLogMs < times.occurredAtMs) break;
      const dimension = dimensionOf(words, digest);
      if (dimension === undefined || !denies(rule, this.#issuedAt[at]!, Math.floor(atLogMs / 1000))) continue;
      const leaked = this.#fresh[at] === 1 && atLogMs > times.loggedAtMs + this.#boundMs;
      covered.push({ dimension, ageMs: atLogMs - times.occurredAtMs, leaked });
    }
    return covered;
  }

  #copy({ dimensions, words }: DigestSet, at: number): void {
    this.#copied ??= new Uint32Array(this.#named.length * copiedDimensions * 4);
    const from = at * copiedDimensions * 4;
    // A loop allocates nothing.
    for (let index = 0; index < dimensions.length * 4; index++) this.#copied[from + index] = words[index]!;
    this.#named[at] = dimensions;
  }

  #wordsAt(at: number): Words | undefined {
    const dimensions = this.#named[at];
    if (dimensions === undefined) return this.#digests[at];
    const from = at * copiedDimensions * 4;
    return this.#copied && { dimensions, words: this.#copied.subarray(from, from + dimensions.length * 4) };
  }
}

type Words = Pick<DigestSet, 'dimensions' | 'words'>;

function dimensionOf({ dimensions, words }: Words, digest: Uint32Array): Dimension | undefined {
  const index = dimensions.findIndex((_, at) => digest.every((word, offset) => words[at * 4 + offset] === word));
  return index === -1 ? undefined : dimensions[index];
}
