import type { Change, DigestSet, Dimension, RevocationTimes } from '@revocast/denylist/replica';
import { denies } from '@revocast/denylist/replica';

const defaultCapacity = 8192;

/** An accepted request. */
export interface Accept {
  readonly digests: DigestSet;
  readonly issuedAt: number;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** This process called its denylist fresh when it accepted. */
  readonly fresh: boolean;
}

/** An accepted request whose token a rule covers that was applied only afterwards. */
export interface ExposedAccept {
  readonly dimension: Dimension;
  /** Milliseconds after the revocation happened. */
  readonly ageMs: number;
  /** Accepted past the stated bound by a process that called itself fresh: the promise is broken. */
  readonly leaked: boolean;
}

/** In milliseconds of the log's clock. */
export type AppliedTimes = Pick<RevocationTimes, 'occurredAtMs' | 'loggedAtMs' | 'appliedAtMs'>;

export interface RecentAcceptsOptions {
  /** Accepts remembered, default 8192; what a busy process accepted longer ago is not found. */
  readonly capacity?: number;
  /** `maxStalenessMs`. */
  readonly boundMs: number;
}

/**
 * Remembers the last accepted requests, to find afterwards those that should not have been: accepted between the
 * revocation and its arrival here (exposed: normal, there is traffic in those milliseconds) or later than promised
 * (leaked: must never happen). Digests and times only.
 */
export class RecentAccepts {
  // A ring in columns: an object each would live just long enough to be copied by the garbage collector twice.
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
   * Finds the accepts that a change came too late for. Walks back in time and stops at the revocation: usually a few
   * milliseconds of traffic.
   *
   * @param monotonicMs now, in the clock of {@link add}.
   */
  coveredBy({ digest, rule }: Change, times: AppliedTimes, monotonicMs: number): readonly ExposedAccept[] {
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
