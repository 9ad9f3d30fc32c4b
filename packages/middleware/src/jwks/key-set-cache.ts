import type { Clock, Random } from '@revocast/denylist/replica';
import type { KeySetLimits } from '../options/key-set-options.ts';
import type {
  KeyLookup,
  KeyQuery,
  KeySource,
  KeySourceObserver,
  KeySourceState,
  KeySourceStatus,
} from './key-source.ts';
import type { KeySetValidator, LoadKeySet } from './load-key-set.ts';
import { NegativeKids } from './negative-kids.ts';
import { hasSameKeys, type KeySet, noSkippedKeys } from './parse-key-set.ts';
import { type KeySetSuccess, type Refresh, Refresher } from './refresher.ts';
import { selectKey } from './select-key.ts';
import { TokenBucket } from './token-bucket.ts';

/** The set in use. Replaced as a whole, never changed: a look-up uses one set or the next, not a mixture. */
interface HeldKeySet {
  readonly keySet: KeySet;
  readonly validator: KeySetValidator | undefined;
  /**
   * Monotonic time at which the refresh that loaded or confirmed it started. The age counts from here: the issuer answered
   * later, so the set is at most this old.
   */
  readonly askedAtMs: number;
  readonly softAgeMs: number;
  /** Monotonic time at which it is due for a refresh, or no longer usable. */
  readonly settledUntilMs: number;
}

export interface KeySetCacheParts {
  readonly load: LoadKeySet;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: KeySetLimits;
  readonly observer: KeySourceObserver;
  /**
   * The budget of the process for refreshes for unknown kids, and for calls that ask whether an issuer is trusted. The
   * budget of this issuer, for such refreshes only, comes from the limits.
   */
  readonly questions: TokenBucket;
}

/**
 * The key set of one issuer: answers from memory, refreshes in the background, stays usable until the hard age while the
 * issuer is down, and bounds the refreshes that tokens with unknown kids can cause.
 *
 * cold ──loaded──▶ fresh ──soft age──▶ stale ──hard age──▶ expired; any success leads back to fresh, and no failure
 * removes a held set. Look-ups and `trusts` start a refresh that is due. A timer starts a refresh in one case only: for
 * unknown kids that wait for the budget.
 */
export class KeySetCache implements KeySource {
  readonly #clock: Clock;
  readonly #limits: KeySetLimits;
  readonly #observer: KeySourceObserver;
  readonly #refresher: Refresher;
  readonly #negatives: NegativeKids;
  readonly #bucket: TokenBucket;
  readonly #questions: TokenBucket;
  readonly #closing = new AbortController();
  /** A refresh for unknown kids waits for the budget. */
  #isRefreshWaiting = false;
  #held: HeldKeySet | undefined;
  #lastChangeAtMs: number | undefined;

  constructor({ load, clock, random, limits, observer, questions }: KeySetCacheParts) {
    this.#clock = clock;
    this.#limits = limits;
    this.#observer = observer;
    this.#refresher = new Refresher({
      load: (signal) => load({ signal, validator: this.#held?.validator }),
      take: (loaded, refresh) => this.#take(loaded, refresh),
      clock,
      random,
      limits,
      observer,
    });
    this.#negatives = new NegativeKids({ max: limits.negativeKids, lifetimeMs: limits.negativeKidMs });
    this.#bucket = new TokenBucket({ burst: limits.unknownKidBurst, intervalMs: limits.unknownKidIntervalMs });
    this.#questions = questions;
  }

  findKey(query: KeyQuery): KeyLookup | Promise<KeyLookup> {
    const lookup = this.#findKey(query);
    return lookup instanceof Promise ? lookup.then((settled) => this.#report(settled)) : this.#report(lookup);
  }

  trusts(identity: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#refreshIfDue(nowMs);
    return this.#usable(nowMs)?.keySet.identities.has(identity) ?? false;
  }

  settledAt(monotonicMs: number): object | undefined {
    const held = this.#held;
    return held !== undefined && monotonicMs < held.settledUntilMs ? held.keySet : undefined;
  }

  async prefetch(): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#usable(nowMs) === undefined) await this.#refresher.start(nowMs)?.done;
    return this.#usable(this.#clock.monotonicMs()) !== undefined;
  }

  status(): KeySourceStatus {
    const nowMs = this.#clock.monotonicMs();
    const held = this.#held;
    return {
      state: this.#state(nowMs),
      ageMs: held && nowMs - held.askedAtMs,
      keys: held?.keySet.keys.length ?? 0,
      skipped: held?.keySet.skipped ?? noSkippedKeys,
      ...this.#refresher.status(),
      lastChangeAtMs: this.#lastChangeAtMs,
      retryAfterMs: this.#refresher.retryAfterMs(nowMs),
    };
  }

  close(): void {
    this.#closing.abort();
    this.#refresher.close();
  }

  #findKey(query: KeyQuery): KeyLookup | Promise<KeyLookup> {
    const nowMs = this.#clock.monotonicMs();
    // Read before a refresh is started below: that one starts after the kid was seen, so it can prove "unknown".
    const { lastStarted } = this.#refresher;
    const held = this.#usable(nowMs);
    if (held === undefined) return this.#findKeyOnceHeld(query, nowMs);

    this.#refreshIfDue(nowMs);
    const selection = selectKey(held.keySet, query);
    if (!isUnknownKid(selection) || query.kid === undefined) return selection;
    if (this.#negatives.isRefuted(query.kid, nowMs)) return selection;
    return this.#findUnknownKid(query, this.#negatives.see(query.kid, lastStarted));
  }

  /** No usable set is held: all look-ups wait for the same refresh, or fail at once when none may start yet. */
  #findKeyOnceHeld(query: KeyQuery, nowMs: number): KeyLookup | Promise<KeyLookup> {
    const { lastStarted } = this.#refresher;
    const refresh = this.#refresher.start(nowMs);
    if (refresh === undefined) return unavailable;
    const seenAfter = query.kid === undefined ? lastStarted : this.#negatives.see(query.kid, lastStarted);
    return refresh.done.then(() => {
      const selection = this.#select(query);
      return isUnknownKid(selection) ? this.#findUnknownKid(query, seenAfter) : selection;
    });
  }

  /**
   * Looks for a kid that the held set does not have, by a refresh.
   *
   * @param seenAfter number of the last refresh started before the kid was seen. Only a later one can prove "unknown": the
   * answer to an earlier one may have been written before the key was published.
   */
  async #findUnknownKid(query: KeyQuery, seenAfter: number): Promise<KeyLookup> {
    const { underWay } = this.#refresher;
    if (underWay !== undefined && underWay.number <= seenAfter) {
      await underWay.done;
      const selection = this.#select(query);
      if (!isUnknownKid(selection)) return selection;
    }
    // No refresh that was started after the kid was seen has succeeded yet.
    if (this.#refresher.lastSucceeded <= seenAfter) {
      const nowMs = this.#clock.monotonicMs();
      const refresh = this.#refresher.underWay ?? this.#startForUnknownKid(nowMs);
      if (refresh === undefined) return this.#refresher.mayStart(nowMs) ? this.#throttle(nowMs) : unavailable;
      await refresh.done;
    }
    const selection = this.#select(query);
    if (!isUnknownKid(selection) || this.#refresher.lastSucceeded > seenAfter) return selection;
    return unavailable;
  }

  /** The budgets are checked last: a refresh that may not start for another reason must not take from them. */
  #startForUnknownKid(nowMs: number): Refresh | undefined {
    if (!this.#refresher.mayStart(nowMs) || this.#budgetWaitMs(nowMs) > 0) return undefined;
    this.#bucket.tryTake(nowMs);
    this.#questions.tryTake(nowMs);
    return this.#refresher.start(nowMs);
  }

  #budgetWaitMs(nowMs: number): number {
    return Math.max(this.#bucket.waitMs(nowMs), this.#questions.waitMs(nowMs));
  }

  /** The budget is spent: a good token with a rotated key is accepted after `retryAfterMs`, when the next refresh has ended. */
  #throttle(nowMs: number): KeyLookup {
    const waitMs = this.#budgetWaitMs(nowMs);
    if (!this.#isRefreshWaiting) void this.#refreshAfter(waitMs);
    const retryAfterMs = waitMs + this.#limits.fetchTimeoutMs;
    return { outcome: 'unavailable', reason: 'unknown_kid_throttled', retryAfterMs };
  }

  /** One refresh for all kids that wait, unless another one starts before it. */
  async #refreshAfter(waitMs: number): Promise<void> {
    const { lastStarted } = this.#refresher;
    this.#isRefreshWaiting = true;
    await this.#clock.sleep(waitMs, this.#closing.signal);
    this.#isRefreshWaiting = false;
    const nowMs = this.#clock.monotonicMs();
    if (this.#refresher.lastStarted > lastStarted || !this.#refresher.mayStart(nowMs)) return;
    if (this.#startForUnknownKid(nowMs) === undefined) void this.#refreshAfter(this.#budgetWaitMs(nowMs));
  }

  #refreshIfDue(nowMs: number): void {
    const held = this.#held;
    if (held !== undefined && nowMs - held.askedAtMs >= held.softAgeMs) this.#refresher.start(nowMs);
  }

  #select(query: KeyQuery): KeyLookup {
    const nowMs = this.#clock.monotonicMs();
    const held = this.#usable(nowMs);
    return held === undefined ? unavailable : selectKey(held.keySet, query);
  }

  #usable(nowMs: number): HeldKeySet | undefined {
    const held = this.#held;
    return held !== undefined && nowMs - held.askedAtMs < this.#limits.hardAgeMs ? held : undefined;
  }

  #state(nowMs: number): KeySourceState {
    if (this.#refresher.closed) return 'closed';
    const held = this.#held;
    if (held === undefined) return 'cold';
    if (this.#usable(nowMs) === undefined) return 'expired';
    return nowMs - held.askedAtMs < held.softAgeMs ? 'fresh' : 'stale';
  }

  /** Replaces the set in one assignment. A set without usable keys is a failed load, and does not arrive here. */
  #take(load: KeySetSuccess, { number, startedAtMs }: Omit<Refresh, 'done'>): void {
    const before = this.#held;
    const keySet = load.result === 'loaded' ? load.keySet : before?.keySet;
    if (keySet === undefined) return;
    const validator = load.result === 'loaded' ? load.validator : before?.validator;
    const softAgeMs = this.#softAgeMs(load.maxAgeMs);
    const settledUntilMs = startedAtMs + Math.min(softAgeMs, this.#limits.hardAgeMs);
    this.#held = { keySet, validator, askedAtMs: startedAtMs, softAgeMs, settledUntilMs };
    this.#negatives.settle(number, this.#clock.monotonicMs());
    if (load.result !== 'loaded') return;

    if (before === undefined || !hasSameKeys(before.keySet, keySet)) this.#lastChangeAtMs = this.#clock.wallMs();
    this.#observer.keysHeld?.(keySet.keys.length);
  }

  /** `Cache-Control` may make refreshes more frequent, but not rarer: a removed key must be noticed in time. */
  #softAgeMs(maxAgeMs: number | undefined): number {
    const { softAgeMs, minSoftAgeMs } = this.#limits;
    return maxAgeMs === undefined ? softAgeMs : Math.min(softAgeMs, Math.max(minSoftAgeMs, maxAgeMs));
  }

  #report(lookup: KeyLookup): KeyLookup {
    this.#observer.keyLookedUp?.(lookup.outcome === 'found' ? 'found' : lookup.reason);
    return lookup;
  }
}

const unavailable: KeyLookup = { outcome: 'unavailable', reason: 'jwks_unavailable' };

function isUnknownKid(lookup: KeyLookup): boolean {
  return lookup.outcome === 'rejected' && lookup.reason === 'unknown_kid';
}
