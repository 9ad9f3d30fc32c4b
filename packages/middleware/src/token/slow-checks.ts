import type { VerificationKey } from '../jwks/verification-key.ts';
import { hasItsLength, quickSchemes, type Signed, type VerifySignature, verifySignature } from './signature.ts';

interface SlowChecksParts {
  /** Default: {@link verifySignature}. */
  readonly check?: typeof verifySignature;
  /** Checks at once. Default 2: half of the threads of libuv, which files and DNS need too. */
  readonly maxRunning?: number;
  /** Checks that wait. Default 64. */
  readonly maxWaiting?: number;
}

/**
 * The checks of signatures with large curves (ES384, ES512) in a process. They run on the threads of libuv, whose queue has no
 * bound: here the number that run and that wait is bounded. Keys take turns, and a key may wait with as many checks as there
 * are places left, so that a flood of forged tokens of one key leaves room for the others.
 */
export class SlowChecks {
  readonly #check: typeof verifySignature;
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  /** By thumbprint; the key whose turn is next comes first. */
  readonly #queues = new Map<string, (() => void)[]>();
  #running = 0;
  #waiting = 0;

  constructor({ check = verifySignature, maxRunning = 2, maxWaiting = 64 }: SlowChecksParts = {}) {
    this.#check = check;
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  /** Returns `verify` with the checks of large curves replaced by those of this object. */
  beside(verify: VerifySignature): VerifySignature {
    return (signed, alg, key) => (quickSchemes.has(alg) ? verify(signed, alg, key) : this.verify(signed, alg, key));
  }

  /** As {@link verifySignature}; `throttled` when no place is left for the key. */
  async verify(signed: Signed, alg: string, key: VerificationKey): Promise<boolean | 'throttled'> {
    if (!hasItsLength(signed, key)) return false;
    if (this.#running < this.#maxRunning) this.#running += 1;
    else if (!(await this.#waitFor(key.thumbprint))) return 'throttled';
    try {
      return await this.#check(signed, alg, key);
    } finally {
      this.#startNext();
    }
  }

  /** Resolves to true when a running check has handed over its place, at once to false when there is no room to wait. */
  async #waitFor(thumbprint: string): Promise<boolean> {
    const queue = this.#queues.get(thumbprint) ?? [];
    if (queue.length >= this.#maxWaiting - this.#waiting) return false;
    this.#queues.set(thumbprint, queue);
    this.#waiting += 1;
    await new Promise<void>((resolve) => queue.push(resolve));
    return true;
  }

  #startNext(): void {
    const [next] = this.#queues;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    const [thumbprint, queue] = next;
    const start = queue.shift();
    this.#waiting -= 1;
    this.#queues.delete(thumbprint);
    if (queue.length > 0) this.#queues.set(thumbprint, queue);
    start?.();
  }
}
