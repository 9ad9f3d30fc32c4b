import { type Change, type DigestSet, type Dimension, denies, type RevocationTimes } from '@revocast/denylist/replica';

const defaultCapacity = 8192;

/** An accepted request. */
export interface Accept {
  readonly digests: DigestSet;
  readonly issuedAt: number;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Whether the denylist was fresh at the acceptance. */
  readonly fresh: boolean;
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
  readonly #issuedAt: Float64Array;
  readonly #atMs: Float64Array;
  readonly #fresh: Uint8Array;
  readonly #boundMs: number;
  #next = 0;

  constructor({ capacity = defaultCapacity, boundMs }: RecentAcceptsOptions) {
    this.#digests = new Array<DigestSet | undefined>(capacity).fill(undefined);
    this.#issuedAt = new Float64Array(capacity);
    this.#atMs = new Float64Array(capacity);
    this.#fresh = new Uint8Array(capacity);
    this.#boundMs = boundMs;
  }

  add({ digests, issuedAt, atMs, fresh }: Accept): void {
    const at = this.#next;
    this.#digests[at] = digests;
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
      const digests = this.#digests[at];
      if (digests === undefined) break;
      const atLogMs = times.appliedAtMs - (monotonicMs - this.#atMs[at]!);
      if (atLogMs < times.occurredAtMs) break;
      const dimension = dimensionOf(digests, digest);
      if (dimension === undefined || !denies(rule, this.#issuedAt[at]!, Math.floor(atLogMs / 1000))) continue;
      const leaked = this.#fresh[at] === 1 && atLogMs > times.loggedAtMs + this.#boundMs;
      covered.push({ dimension, ageMs: atLogMs - times.occurredAtMs, leaked });
    }
    return covered;
  }
}

function dimensionOf({ dimensions, words }: DigestSet, digest: Uint32Array): Dimension | undefined {
  const index = dimensions.findIndex((_, at) => digest.every((word, offset) => words[at * 4 + offset] === word));
  return index === -1 ? undefined : dimensions[index];
}
