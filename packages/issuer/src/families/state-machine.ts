import { timingSafeEqual } from 'node:crypto';
import type { EndReason, Family } from './family.ts';

/** A genuine refresh token (its tag fits), and the party that shows it. */
export interface Shown {
  readonly generation: number;
  /** SHA-256 of its secret. */
  readonly hash: Uint8Array;
  readonly client: string;
  /** The key that the party has proven; absent without a proof. */
  readonly binding?: string;
}

/** The options that decide about a shown token. */
export interface FamilyRules {
  /** For so long after a rotation, the parent of a bearer family gets the same child again. */
  readonly graceMs: number;
  /** How often it gets it. */
  readonly maxRetries: number;
  /** What a parent after the grace does to the family. */
  readonly lateRetry: 'end' | 'refuse';
}

export type EndOutcome = 'expired' | 'late_retry' | 'replayed' | 'store_lost';
export type RefuseOutcome = 'ended' | 'expired' | 'client_mismatch' | 'wrong_key' | 'throttled' | 'late_retry';

export type Decision =
  | { readonly do: 'rotate' }
  | { readonly do: 'retry' }
  | { readonly do: 'refuse'; readonly outcome: RefuseOutcome }
  | { readonly do: 'end'; readonly outcome: EndOutcome; readonly reason: EndReason };

/**
 * What a shown token does to its family. This is the whole state machine:
 *
 * ```
 * open ──▶ ACTIVE(n) ── shows n, hash fits ──▶ ACTIVE(n+1), the grace begins              rotated
 *            │  shows n−1, hash fits, in the grace or with the same key ──▶ ACTIVE(n)      retried: the same child again
 *            │  the same for the 21st time ──▶ ACTIVE(n)                                   throttled; after the grace late_retry
 *            │  shows n−1, hash fits, after the grace ──▶ ENDED(refresh_reuse)             late_retry (option: only refused)
 *            │  shows ≤ n−2 ──▶ ENDED(refresh_reuse)                                       replayed
 *            │  shows > n, or another hash ──▶ ENDED(store_lost)                           store_lost
 *            │  another client, or another key ──▶ ACTIVE(n)                               client_mismatch, wrong_key
 *            └─ idle or absolute lifetime over ──▶ ENDED(expired)                          expired
 * ```
 *
 * A store that decides in its own language (SQL) must decide the same: the contract suite compares both.
 *
 * @param nowMs the time of the store, not of this process.
 */
export function decide(
  family: Family,
  shown: Shown,
  { nowMs, rules }: { nowMs: number; rules: FamilyRules },
): Decision {
  if (family.ended !== undefined) return refuse(family.ended.reason === 'expired' ? 'expired' : 'ended');
  // Before all that ends a family: a thief without the key, or another client, must not be able to sign the owner out.
  if (shown.client !== family.client) return refuse('client_mismatch');
  if (family.binding !== undefined && shown.binding !== family.binding) return refuse('wrong_key');
  if (nowMs >= Math.min(family.idleUntilMs, family.absoluteUntilMs)) return end('expired', 'expired');

  const behind = family.generation - shown.generation;
  if (behind >= 2) return end('replayed', 'refresh_reuse');
  if (behind === 1 && isSame(shown.hash, family.previous)) return decideParent(family, nowMs, rules);
  if (behind === 0 && isSame(shown.hash, family.current)) return { do: 'rotate' };
  // This server made the token, but the store does not have it: it lost a write (a failover, a restored backup).
  return end('store_lost', 'store_lost');
}

/** Nothing but a rotation makes a token a parent, so its child is unused. */
function decideParent(family: Family, nowMs: number, rules: FamilyRules): Decision {
  // RFC 9449 §5: the same key is the same party, however late it repeats its request.
  const isWithinGrace = nowMs <= (family.graceUntilMs ?? Number.NEGATIVE_INFINITY);
  const isRepeated = family.binding !== undefined || isWithinGrace;
  if (isRepeated && family.retries < rules.maxRetries) return { do: 'retry' };
  // Only a rotation resets the count. A client that has lost the child must sign in, and not wait for ever.
  if (isRepeated) return isWithinGrace ? refuse('throttled') : refuse('late_retry');
  // RFC 9700 §4.14.2: a second use after the grace is a second party, or a client that was offline.
  return rules.lateRetry === 'end' ? end('late_retry', 'refresh_reuse') : refuse('late_retry');
}

function refuse(outcome: RefuseOutcome): Decision {
  return { do: 'refuse', outcome };
}

function end(outcome: EndOutcome, reason: EndReason): Decision {
  return { do: 'end', outcome, reason };
}

function isSame(hash: Uint8Array, stored: Uint8Array | undefined): boolean {
  return stored !== undefined && stored.length === hash.length && timingSafeEqual(hash, stored);
}
