import type { VerifiedToken } from '../token/verified-token.ts';
import type { Due } from './expiry-wheel.ts';
import type { KeyUse } from './used-keys.ts';
import { type CloseCode, closeCodeOf, type EndReason, type Watch, type WatchOptions } from './watch.ts';

/** Forgets a watch. */
export interface WatchOwner {
  release(watch: StreamWatch): void;
}

export interface StreamWatchParts
  extends Pick<WatchOptions, 'until' | 'onEnd'>,
    Pick<StreamWatch, 'key' | 'patienceMs' | 'startedAtMs'> {
  readonly token: VerifiedToken;
}

/** One stream. Holds nothing of the token except times: it may live for hours, and its claims are kilobytes. */
export class StreamWatch implements Watch, Due {
  nextDue: Due | undefined = undefined;
  previousDue: Due | undefined = undefined;
  /** Where the owner has its digests. */
  slot = -1;
  readonly key: KeyUse;
  readonly dueSecond: number;
  readonly endsAs: 'expired' | 'too_old';
  /** Claim seconds. */
  readonly issuedAt: number;
  readonly lifetimeSeconds: number;
  /** How long it may go on while it is unknown whether its token is revoked; infinite: for ever. */
  readonly patienceMs: number;
  /** Monotonic milliseconds. */
  readonly startedAtMs: number;
  readonly #owner: WatchOwner;
  readonly #onEnd: WatchOptions['onEnd'];
  readonly #until: AbortSignal | undefined;
  /** Only with `until`. */
  readonly #close: (() => void) | undefined;
  #controller: AbortController | undefined;
  #reason: EndReason | undefined;
  #isClosed = false;

  constructor(owner: WatchOwner, parts: StreamWatchParts) {
    const { usableUntilMs, issuedAt, lifetimeSeconds, accepted } = parts.token;
    this.#owner = owner;
    this.key = parts.key;
    this.dueSecond = Math.ceil(usableUntilMs / 1000);
    // Before `exp`, only the option maxTokenAgeMs ends the use of a token.
    this.endsAs = usableUntilMs < accepted.auth.expiresAt * 1000 ? 'too_old' : 'expired';
    this.issuedAt = issuedAt;
    this.lifetimeSeconds = lifetimeSeconds;
    this.patienceMs = parts.patienceMs;
    this.startedAtMs = parts.startedAtMs;
    this.#onEnd = parts.onEnd;
    this.#until = parts.until;
    this.#close = parts.until && (() => this.close());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get reason(): EndReason | undefined {
    return this.#reason;
  }

  get closeCode(): CloseCode | undefined {
    return this.#reason && closeCodeOf(this.#reason);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#close !== undefined) this.#until?.removeEventListener('abort', this.#close);
    this.#owner.release(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** To be called by the owner when the watch has its place. */
  follow(): void {
    if (this.#until === undefined || this.#close === undefined) return;
    if (this.#until.aborted) this.close();
    else this.#until.addEventListener('abort', this.#close, { once: true });
  }

  /**
   * Ends the stream, once.
   *
   * @param isLater calls back after this turn: `watch()` has not returned yet.
   * @returns whether it was open.
   * @throws what `onEnd` throws.
   */
  end(reason: EndReason, isLater: boolean): boolean {
    if (this.#isClosed) return false;
    this.close();
    this.#reason = reason;
    const call = this.#onEnd;
    try {
      if (call !== undefined && isLater) queueMicrotask(() => call(reason));
      else call?.(reason);
    } finally {
      // After `onEnd`, which ends the stream: a listener of the signal can write nothing more to it.
      this.#controller?.abort(reason);
    }
    return true;
  }
}
