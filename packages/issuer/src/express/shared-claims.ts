import { randomBytes } from 'node:crypto';
import type { RetryClaim } from './retry-refresh-store.ts';

export type SharedClaim =
  /** This request goes to the server. `owner`: the name of its claim in the store. */
  | { readonly state: 'first'; readonly owner: string }
  | Extract<RetryClaim, { readonly state: 'answered' }>
  | { readonly state: 'waited_too_long' | 'too_many_waiting' };

export interface SharedClaimsPorts {
  /** One question to the store. It rejects when the store fails. */
  readonly claim: (id: string, owner: string) => Promise<RetryClaim>;
  /** How long a request waits for an equal one at the server. */
  readonly waitMs: number;
}

interface Waiter {
  readonly endsAtMs: number;
  readonly resolve: (claim: SharedClaim) => void;
  readonly reject: (error: unknown) => void;
}

/** The requests of one id. */
interface Group {
  /** Oldest first, and so in the order of their ends. */
  readonly waiters: Set<Waiter>;
  /** The request at the server has ended since the last question. */
  hasEnded: boolean;
  /** Ends the pause between two questions. */
  wake: () => void;
}

const firstPauseMs = 25;
const longestPauseMs = 200;
/** Nothing is authenticated yet, so that many equal requests must not cost more than a few. */
const mostWaiting = 20;

/**
 * The claims of equal requests in one process: one loop of an id asks the store for all that wait, in growing pauses. An answer is
 * given to all of them. After a refusal the oldest one goes to the server, and the others wait for it.
 */
export class SharedClaims {
  readonly #ports: SharedClaimsPorts;
  readonly #groups = new Map<string, Group>();

  constructor(ports: SharedClaimsPorts) {
    this.#ports = ports;
  }

  /** @throws what `claim` throws */
  take(id: string): Promise<SharedClaim> {
    const group = this.#groups.get(id);
    if (group !== undefined && group.waiters.size >= mostWaiting) return Promise.resolve({ state: 'too_many_waiting' });
    return new Promise((resolve, reject) => {
      const waiter = { endsAtMs: performance.now() + this.#ports.waitMs, resolve, reject };
      if (group !== undefined) {
        group.waiters.add(waiter);
        return;
      }
      const opened = { waiters: new Set([waiter]), hasEnded: false, wake: () => {} };
      this.#groups.set(id, opened);
      void this.#serve(id, opened);
    });
  }

  /** The request of this process at the server has ended: those that wait for it need not wait for the end of the pause. */
  ended(id: string): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    group.hasEnded = true;
    group.wake();
  }

  async #serve(id: string, group: Group): Promise<void> {
    const { waiters } = group;
    let pauseMs = firstPauseMs;
    try {
      while (waiters.size > 0) {
        group.hasEnded = false;
        const owner = randomBytes(16).toString('base64url');
        const claim = await this.#ports.claim(id, owner);
        if (claim.state === 'answered') {
          for (const waiter of waiters) waiter.resolve(claim);
          break;
        }
        if (claim.state === 'first') {
          pauseMs = firstPauseMs;
          resolveOldest(waiters, { state: 'first', owner });
        }
        endLate(waiters);
        if (waiters.size === 0) break;
        await pause(group, pauseMs);
        pauseMs = group.hasEnded ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      }
    } catch (error) {
      for (const waiter of waiters) waiter.reject(error);
    } finally {
      this.#groups.delete(id);
    }
  }
}

function resolveOldest(waiters: Set<Waiter>, claim: SharedClaim): void {
  const [oldest] = waiters;
  if (oldest === undefined) return;
  waiters.delete(oldest);
  oldest.resolve(claim);
}

function endLate(waiters: Set<Waiter>): void {
  const nowMs = performance.now();
  for (const waiter of waiters) {
    if (waiter.endsAtMs > nowMs) return;
    waiters.delete(waiter);
    waiter.resolve({ state: 'waited_too_long' });
  }
}

async function pause(group: Group, forMs: number): Promise<void> {
  if (group.hasEnded) return;
  const [oldest] = group.waiters;
  const leftMs = (oldest?.endsAtMs ?? 0) - performance.now();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, Math.min(forMs, leftMs)));
    group.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
