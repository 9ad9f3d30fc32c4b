import type { DigestSet, LookUp, UnknownCause, Verdict } from '@revocast/denylist/replica';
import type { VerdictMemo } from './verdict-memo.ts';

/** Told of each answer, for metrics and for the search for exposed requests. Must not throw. */
export interface RevocationObserver {
  verdictGiven?(source: 'memory' | 'redis', verdict: Verdict['verdict']): void;
}

export interface RevocationCheckParts {
  /** What this process holds; undefined until the feed has been opened, or when there is none. */
  readonly replica: () => { check(digests: DigestSet, issuedAt: number): Verdict } | undefined;
  /** Asked only when memory cannot tell. */
  readonly lookUp: () => LookUp | undefined;
  /**
   * The log keeps its rules for shorter-lived tokens than this verifier takes: it may have forgotten what still counts,
   * so "not found" means nothing, whoever says it.
   */
  readonly exceedsLogLifetime: () => boolean;
  readonly memo: VerdictMemo;
  readonly observer?: RevocationObserver;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const unknown = (cause: UnknownCause): Verdict => ({ verdict: 'unknown', cause });

/**
 * Decides whether a verified token is revoked: from memory, without I/O, as long as memory can be proven complete;
 * otherwise by asking the log.
 *
 * A "revoked" from memory is final whatever the freshness. `unknown` is never turned into anything else here: what to
 * do about it is policy, and the caller's.
 */
export class RevocationCheck {
  readonly #parts: RevocationCheckParts;

  constructor(parts: RevocationCheckParts) {
    this.#parts = parts;
  }

  /**
   * @param issuedAt `iat` in claim seconds.
   * @returns synchronously unless the log has to be asked. Never throws, never rejects.
   */
  check(digests: DigestSet, issuedAt: number): Verdict | Promise<Verdict> {
    const { lookUp, observer, exceedsLogLifetime } = this.#parts;
    const held = this.#recall(digests, issuedAt);
    observer?.verdictGiven?.('memory', held.verdict);
    if (held.verdict !== 'unknown') return held;
    const asked = lookUp();
    return asked === undefined || exceedsLogLifetime() ? held : this.#ask(asked, digests, issuedAt);
  }

  #recall(digests: DigestSet, issuedAt: number): Verdict {
    const held = this.#parts.replica()?.check(digests, issuedAt) ?? unknown('cold');
    return held.verdict === 'active' && this.#parts.exceedsLogLifetime() ? unknown('stale') : held;
  }

  #ask(lookUp: LookUp, digests: DigestSet, issuedAt: number): Verdict | Promise<Verdict> {
    const { memo, now } = this.#parts;
    // Taken before the question leaves: an answer is only as new as the question.
    const askedAtMs = now();
    const remembered = memo.recall(digests, issuedAt, askedAtMs);
    if (remembered !== undefined) return remembered;
    return lookUp.find(digests, issuedAt).then(
      (verdict) => {
        memo.remember(digests, issuedAt, { verdict, askedAtMs });
        this.#parts.observer?.verdictGiven?.('redis', verdict.verdict);
        return verdict;
      },
      () => unknown('lookup_failed'),
    );
  }
}
