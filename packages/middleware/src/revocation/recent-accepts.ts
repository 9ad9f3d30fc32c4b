import type { Change, DigestSet, Dimension, RevocationTimes } from '@revocast/denylist/replica';
import { denies } from '@revocast/denylist/replica';

const defaultCapacity = 8192;

interface Accept {
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
  readonly #ring: (Accept | undefined)[];
  readonly #boundMs: number;
  #next = 0;

  constructor({ capacity = defaultCapacity, boundMs }: RecentAcceptsOptions) {
    this.#ring = new Array<Accept | undefined>(capacity).fill(undefined);
    this.#boundMs = boundMs;
  }

  add(accept: Accept): void {
    this.#ring[this.#next] = accept;
    this.#next = (this.#next + 1) % this.#ring.length;
  }

  /**
   * Finds the accepts that a change came too late for. Walks back in time and stops at the revocation: usually a few
   * milliseconds of traffic.
   *
   * @param monotonicMs now, in the clock of {@link add}.
   */
  coveredBy({ digest, rule }: Change, times: AppliedTimes, monotonicMs: number): readonly ExposedAccept[] {
    const covered: ExposedAccept[] = [];
    for (let back = 1; back <= this.#ring.length; back++) {
      const accept = this.#ring[(this.#next - back + this.#ring.length) % this.#ring.length];
      if (accept === undefined) break;
      const atLogMs = times.appliedAtMs - (monotonicMs - accept.atMs);
      if (atLogMs < times.occurredAtMs) break;
      const dimension = dimensionOf(accept.digests, digest);
      if (dimension === undefined || !denies(rule, accept.issuedAt, Math.floor(atLogMs / 1000))) continue;
      const leaked = accept.fresh && atLogMs > times.loggedAtMs + this.#boundMs;
      covered.push({ dimension, ageMs: atLogMs - times.occurredAtMs, leaked });
    }
    return covered;
  }
}

function dimensionOf({ dimensions, words }: DigestSet, digest: Uint32Array): Dimension | undefined {
  const index = dimensions.findIndex((_, at) => digest.every((word, offset) => words[at * 4 + offset] === word));
  return index === -1 ? undefined : dimensions[index];
}
