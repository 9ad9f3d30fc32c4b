import {
  type Change,
  type Clock,
  type DigestSet,
  type Random,
  restartDigest,
  timesOf,
  type Verdict,
} from '@revocast/denylist/replica';
import type { WhenUnknown } from '../decision.ts';
import { UnavailableError } from '../errors.ts';
import type { OnLogReset } from '../options/revocation-options.ts';
import { isForgotten } from '../revocation/check.ts';
import type { FeedObserver } from '../revocation/shared-replica.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { VerifiedToken } from '../token/verified-token.ts';
import { ExpiryWheel } from './expiry-wheel.ts';
import { StreamWatch } from './stream-watch.ts';
import { UsedKeys } from './used-keys.ts';
import type { EndReason, Watch, WatchOptions } from './watch.ts';
import { readWatchOptions } from './watch-options.ts';
import { WatchedDigests } from './watched-digests.ts';

/** The denylist of the process, as streams use it. */
export interface StreamFeed {
  check(digests: DigestSet, issuedAt: number): Verdict;
  isFresh(): boolean;
  /** Monotonic milliseconds since which the denylist is not fresh; to be read while it is not. */
  readonly staleSinceMs: number;
  readonly keptSeconds: number | undefined;
  subscribe(observer: FeedObserver): () => void;
}

export interface WatchedStreamsParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly afterTurn: (callback: () => void) => void;
  readonly telemetry: Pick<Telemetry, 'streamEnded'>;
  /** Undefined: revocation is switched off, and streams end with their tokens or keys only. */
  readonly feed: StreamFeed | undefined;
  readonly onLogReset: OnLogReset;
  readonly whenUnknown: WhenUnknown;
  /** Streams watched at once. */
  readonly maxStreams: number;
}

/** A change that ends streams. */
interface Cause {
  /** From the log to its application here. */
  readonly deliveryMs: number;
  /** Monotonic milliseconds at which it was applied. */
  readonly appliedAtMs: number;
}

/**
 * The streams of one verifier that outlive the verification of their token. Each is judged when it is registered; in the turn in
 * which a rule for one of its values is applied; after each snapshot; and once a second by time and trust.
 */
export class WatchedStreams {
  readonly #parts: WatchedStreamsParts;
  readonly #digests = new WatchedDigests<StreamWatch>();
  readonly #expiries = new ExpiryWheel<StreamWatch>();
  readonly #keys = new UsedKeys();
  readonly #closing = new AbortController();
  readonly #unsubscribe: (() => void) | undefined;
  readonly #whenUnknown: 'keep' | 'end';
  #isTicking = false;
  /** Monotonic milliseconds since which the denylist is not fresh; undefined while it is. As of the last tick. */
  #unknownSinceMs: number | undefined;

  constructor(parts: WatchedStreamsParts) {
    this.#parts = parts;
    this.#whenUnknown = parts.whenUnknown === 'accept' ? 'keep' : 'end';
    this.#unsubscribe = parts.feed?.subscribe({
      changeApplied: (change, result, appliedAtMs) => {
        if (this.size > 0 && result !== 'duplicate') this.#judgeChange(change, appliedAtMs);
      },
      resynced: () => this.#judgeAll(),
      restartChanged: () => this.#judgeAll(),
    });
  }

  /** Streams that are watched now. */
  get size(): number {
    return this.#digests.size;
  }

  /** Entries of every map: 0 when no stream is watched. */
  get entries(): number {
    return this.#digests.size + this.#expiries.size + this.#keys.size;
  }

  /**
   * Watches a stream that was opened with a verified token.
   *
   * @returns a watch that has ended already if the token is revoked, expired or no longer trusted by now.
   * @throws UnavailableError above `maxStreams`: a stream that is not watched must not be opened.
   * @throws ConfigurationError for wrong options.
   */
  watch(token: VerifiedToken, given?: WatchOptions): Watch {
    const { until, onEnd, graceMs, whenUnknown = this.#whenUnknown } = readWatchOptions(given);
    const { maxStreams, random, clock } = this.#parts;
    const isOpen = !this.#closing.signal.aborted;
    if (isOpen && this.size >= maxStreams) throw tooManyStreams(maxStreams);
    const patienceMs = whenUnknown === 'keep' ? Number.POSITIVE_INFINITY : graceMs * (1 + random());
    const watch = new StreamWatch(this, {
      token,
      key: this.#keys.add(token.issuer, token.keyIdentity),
      until,
      onEnd,
      patienceMs,
      startedAtMs: clock.monotonicMs(),
    });
    watch.slot = this.#digests.add(watch, token.digests);
    this.#expiries.add(watch);
    watch.follow();
    // A revocation may have been applied since the decision about the request.
    const reason = isOpen ? this.#reasonToEnd(watch, token.digests, clock.wallMs()) : 'verifier_closed';
    if (reason !== undefined) this.#end(watch, reason, 'later');
    else if (!this.#isTicking) void this.#tick();
    return watch;
  }

  /** Called by a watch that is closed or ends. */
  release(watch: StreamWatch): void {
    this.#digests.remove(watch.slot);
    this.#expiries.remove(watch);
    this.#keys.remove(watch.key);
  }

  /** Ends all streams: nothing watches them from here on. */
  close(): void {
    this.#closing.abort();
    this.#unsubscribe?.();
    for (const watch of this.#digests.all()) this.#end(watch, 'verifier_closed');
  }

  #judgeChange(change: Change, appliedAtLogMs: number | undefined): void {
    if (change.digest.every((word, index) => word === restartDigest[index])) {
      this.#judgeAll();
      return;
    }
    const watches = this.#digests.under(change.digest);
    if (watches.length === 0) return;
    const times = timesOf(change, appliedAtLogMs);
    const cause = times && {
      deliveryMs: times.appliedAtMs - times.loggedAtMs,
      appliedAtMs: this.#parts.clock.monotonicMs(),
    };
    for (const watch of watches) {
      const reason = this.#revocationOf(watch, this.#digests.digestsOf(watch.slot));
      if (reason !== undefined) this.#end(watch, reason, cause);
    }
  }

  #judgeAll(): void {
    for (const watch of this.#digests.all()) {
      const reason = this.#revocationOf(watch, this.#digests.digestsOf(watch.slot));
      if (reason !== undefined) this.#end(watch, reason);
    }
  }

  #reasonToEnd(watch: StreamWatch, digests: DigestSet, wallMs: number): EndReason | undefined {
    if (wallMs >= watch.dueSecond * 1000) return watch.endsAs;
    if (!watch.key.isTrusted) return 'key_not_trusted';
    return this.#revocationOf(watch, digests);
  }

  #revocationOf(watch: StreamWatch, digests: DigestSet): EndReason | undefined {
    const { issuedAt, lifetimeSeconds, patienceMs } = watch;
    const { feed, onLogReset } = this.#parts;
    if (feed === undefined) return undefined;
    const verdict = feed.check(digests, issuedAt);
    if (verdict.verdict === 'revoked') return `revoked_${verdict.dimension}`;
    if (verdict.verdict === 'active' && isForgotten(verdict, issuedAt, onLogReset)) return 'too_old';
    // The rules of such a token may have been forgotten, and no later feed brings them back.
    const isForgottenEarly = lifetimeSeconds > (feed.keptSeconds ?? Number.POSITIVE_INFINITY);
    return isForgottenEarly && patienceMs !== Number.POSITIVE_INFINITY ? 'denylist_unavailable' : undefined;
  }

  async #tick(): Promise<void> {
    const { clock } = this.#parts;
    this.#isTicking = true;
    while (this.size > 0) {
      // At the beginning of a second, where tokens expire.
      await clock.sleep(1000 - (clock.wallMs() % 1000), this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      this.#endByTime();
      this.#endByKey();
      this.#endUnknown();
    }
    this.#isTicking = false;
    this.#unknownSinceMs = undefined;
  }

  #endByTime(): void {
    const nowSecond = Math.floor(this.#parts.clock.wallMs() / 1000);
    for (const watch of this.#expiries.due(nowSecond)) this.#end(watch, watch.endsAs);
  }

  #endByKey(): void {
    const untrusted = new Set(this.#keys.untrusted());
    if (untrusted.size === 0) return;
    for (const watch of this.#digests.all()) {
      if (untrusted.has(watch.key)) this.#end(watch, 'key_not_trusted');
    }
  }

  #endUnknown(): void {
    const { feed, clock } = this.#parts;
    if (feed === undefined || feed.isFresh()) {
      this.#unknownSinceMs = undefined;
      return;
    }
    this.#unknownSinceMs ??= feed.staleSinceMs;
    const nowMs = clock.monotonicMs();
    for (const watch of this.#digests.all()) {
      const sinceMs = Math.max(this.#unknownSinceMs, watch.startedAtMs);
      if (nowMs - sinceMs >= watch.patienceMs) this.#end(watch, 'denylist_unavailable');
    }
  }

  #end(watch: StreamWatch, reason: EndReason, how?: Cause | 'later'): void {
    const { telemetry, clock, afterTurn } = this.#parts;
    try {
      if (!watch.end(reason, how === 'later')) return;
    } catch (error) {
      // As an error of a listener of `signal`: the other streams end all the same, and the error is not hidden.
      afterTurn(() => {
        throw error;
      });
    }
    const cause = how === 'later' ? undefined : how;
    telemetry.streamEnded?.(reason, cause && (cause.deliveryMs + clock.monotonicMs() - cause.appliedAtMs) / 1000);
  }
}

/** With the headers of a 503, for an application that answers with them. */
function tooManyStreams(maxStreams: number): UnavailableError {
  const message = `expected at most ${maxStreams} watched streams, found one more: raise watch.maxStreams, or open fewer streams`;
  return new UnavailableError('denylist_unavailable', { 'Cache-Control': 'no-store', 'Retry-After': '5' }, { message });
}
