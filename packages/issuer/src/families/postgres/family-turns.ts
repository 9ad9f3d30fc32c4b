import { type Clock, withTimeout } from '@revocast/denylist/replica';
import { StoreError } from '../../outbox/store-error.ts';
import { LockedError } from '../../postgres/store-errors.ts';

/** More refreshes of one family at once are refused: a browser has a few tabs, and each refresh could wait for its turn. */
const mostWaiting = 100;
/** The clients have a `Retry-After` of one second. */
const lockedForMs = 1000;

/**
 * The refreshes of one family in this process, one at a time: each holds a connection of the pool, and PostgreSQL serves them one
 * after another in any case, because they change the same row. After a refresh that found its row locked, the others are refused
 * for a second without a query.
 */
export class FamilyTurns {
  readonly #options: { readonly clock: Clock; readonly timeoutMs: number };
  /** Those that wait behind the running one, oldest first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  /** When the refusal ends, oldest first. */
  readonly #locked = new Map<string, number>();

  /** @param options.timeoutMs the longest wait for the turn */
  constructor(options: { readonly clock: Clock; readonly timeoutMs: number }) {
    this.#options = options;
  }

  /** @throws StoreError where too many wait, the wait is too long, or the row is locked */
  async take<Value>(family: Uint8Array, refresh: () => Promise<Value>): Promise<Value> {
    const key = Buffer.from(family).toString('base64url');
    await this.#enter(key);
    try {
      this.#refuseLocked(key);
      return await refresh();
    } catch (error) {
      if (error instanceof LockedError) this.#lock(key);
      throw error;
    } finally {
      this.#leave(key);
    }
  }

  async #enter(key: string): Promise<void> {
    const queue = this.#waiting.get(key);
    if (queue === undefined) {
      this.#waiting.set(key, []);
      return;
    }
    if (queue.length >= mostWaiting) throw tooMany();
    let start = () => {};
    const turn = new Promise<true>((resolve) => {
      start = () => resolve(true);
    });
    queue.push(start);
    const { clock, timeoutMs } = this.#options;
    if (await withTimeout(turn, { clock, timeoutMs, late: false, keepAlive: true })) return;
    const place = queue.indexOf(start);
    // The turn came at the same moment.
    if (place < 0) this.#leave(key);
    else queue.splice(place, 1);
    throw tooMany();
  }

  #leave(key: string): void {
    const next = this.#waiting.get(key)?.shift();
    if (next === undefined) this.#waiting.delete(key);
    else next();
  }

  #lock(key: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [other, untilMs] of this.#locked) {
      if (untilMs > nowMs) break;
      this.#locked.delete(other);
    }
    this.#locked.delete(key);
    this.#locked.set(key, nowMs + lockedForMs);
  }

  #refuseLocked(key: string): void {
    const untilMs = this.#locked.get(key) ?? Number.NEGATIVE_INFINITY;
    if (untilMs <= this.#options.clock.monotonicMs()) return;
    throw new StoreError(
      'store_unavailable',
      'expected the rows of the user to be free, found another transaction that held them less than a second ago',
    );
  }
}

function tooMany(): StoreError {
  return new StoreError(
    'store_unavailable',
    'expected few refreshes of one family at once, found so many that this one had no turn in time',
  );
}
