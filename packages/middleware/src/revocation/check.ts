import type { LookUp, UnknownCause, Verdict } from '@revocast/denylist/replica';
import { type Decision, rejected, unavailable, type WhenUnknown } from '../decision.ts';
import type { OnLogReset } from '../options/revocation-options.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { neverCleared, type VerifiedToken } from '../token/verified-token.ts';
import type { SharedReplica } from './shared-replica.ts';
import { VerdictMemo } from './verdict-memo.ts';

export interface RevocationCheckParts {
  /** The denylist of this process; undefined: look-up only. */
  readonly replica: Pick<SharedReplica, 'check' | 'accepted' | 'version' | 'freshVersionAt'> | undefined;
  /** Used only while the replica cannot decide. Returns undefined without a look-up, and until it is open. */
  readonly lookUp: () => LookUp | undefined;
  /**
   * The longest lifetime of tokens for which the log keeps its rules, in seconds. Those of a longer-lived token may have been
   * forgotten too early, so that "not found" proves nothing, in memory and in the log.
   */
  readonly keptSeconds: () => number;
  /** What to do with tokens that were issued before the log began empty. */
  readonly onLogReset: OnLogReset;
  readonly telemetry: Pick<Telemetry, 'verdictGiven' | 'failedOpen'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const unknown = (cause: UnknownCause): Verdict => ({ verdict: 'unknown', cause });

/** Whether the log began empty after this token was issued, so that "not found" proves nothing. Inclusive, as a cutoff is. */
export function isForgotten(
  { restartedAtSeconds }: { readonly restartedAtSeconds?: number | undefined },
  issuedAt: number,
  onLogReset: OnLogReset,
): boolean {
  return restartedAtSeconds !== undefined && onLogReset === 'reject-older' && issuedAt <= restartedAtSeconds;
}

/**
 * Decides whether a verified token is revoked: from memory, without I/O, while the replica is proven complete; otherwise
 * by a look-up in the log. "Revoked" from memory is final, also while the replica is stale.
 */
export class RevocationCheck {
  readonly #parts: RevocationCheckParts;
  readonly #memo = new VerdictMemo();

  constructor(parts: RevocationCheckParts) {
    this.#parts = parts;
  }

  /** @returns synchronously unless a look-up has to be awaited. Never throws, never rejects. */
  decide(token: VerifiedToken, whenUnknown: WhenUnknown): Decision | Promise<Decision> {
    const { replica, lookUp, keptSeconds, telemetry } = this.#parts;
    token.clearedVersion = neverCleared;
    const exceeds = token.lifetimeSeconds > keptSeconds();
    let held = replica?.check(token.digests, token.issuedAt) ?? unknown('cold');
    if (exceeds && held.verdict === 'active') held = unknown('stale');
    telemetry.verdictGiven('memory', held.verdict);
    // Only a fresh replica answers "active".
    if (held.verdict !== 'unknown') {
      const decision = this.#apply(held, token, whenUnknown);
      if (decision === token.accepted) token.clearedVersion = replica?.version ?? neverCleared;
      return this.#note(decision, token, true);
    }

    const log = exceeds ? undefined : lookUp();
    return log === undefined
      ? this.#note(this.#apply(held, token, whenUnknown), token, false)
      : this.#decideByLookUp(log, token, whenUnknown);
  }

  /**
   * Whether {@link decide} would accept from memory a token that it has accepted from memory before, at this time or an earlier
   * one. Then notes the acceptance.
   */
  acceptsAgain(token: VerifiedToken, monotonicMs: number, wallMs: number): boolean {
    const { replica, keptSeconds, telemetry } = this.#parts;
    const version = token.lifetimeSeconds > keptSeconds() ? undefined : replica?.freshVersionAt(monotonicMs, wallMs);
    // The denylist is not fresh, or a rule was added or changed since.
    if (version === undefined || version !== token.clearedVersion) return false;
    telemetry.verdictGiven('memory', 'active');
    replica?.accepted({ digests: token.digests, issuedAt: token.issuedAt, atMs: monotonicMs, fresh: true });
    return true;
  }

  #decideByLookUp(log: LookUp, token: VerifiedToken, whenUnknown: WhenUnknown): Decision | Promise<Decision> {
    const { digests, issuedAt } = token;
    const conclude = (verdict: Verdict) => this.#note(this.#apply(verdict, token, whenUnknown), token, false);
    // Read before the question is sent: an answer is only as new as its question.
    const askedAtMs = this.#parts.now();
    const remembered = this.#memo.recall(digests, issuedAt, askedAtMs);
    if (remembered !== undefined) return conclude(remembered);
    const answered = (verdict: Verdict): Verdict => {
      this.#memo.remember(digests, issuedAt, { verdict, askedAtMs });
      this.#parts.telemetry.verdictGiven('redis', verdict.verdict);
      return verdict;
    };
    return log
      .find(digests, issuedAt)
      .then(answered, () => unknown('lookup_failed'))
      .then(conclude);
  }

  /** RFC 6750 §3.1: a revoked token is an invalid token. "Unknown" is neither; the operator decides what it means. */
  #apply(verdict: Verdict, token: VerifiedToken, whenUnknown: WhenUnknown): Decision {
    const { issuer, issuedAt, accepted } = token;
    switch (verdict.verdict) {
      case 'active':
        if (isForgotten(verdict, issuedAt, this.#parts.onLogReset)) return rejected('too_old', issuer, true);
        return accepted;
      case 'revoked':
        return rejected(`revoked_${verdict.dimension}`, issuer, true);
      case 'unknown':
        if (whenUnknown !== 'accept') return unavailable('denylist_unavailable', issuer, true);
        return { ...accepted, auth: token.uncheckedAuth() };
    }
  }

  /** Notes an accepted token, so that a rule which arrives later can find the requests that it came too late for. */
  #note(decision: Decision, { digests, issuedAt, used }: VerifiedToken, isFresh: boolean): Decision {
    if (decision.outcome !== 'accepted') return decision;
    if (decision.auth.revocation === 'unknown') this.#parts.telemetry.failedOpen();
    const accept = { digests, issuedAt, atMs: this.#parts.now(), fresh: isFresh, isFirstUse: !used };
    this.#parts.replica?.accepted(accept);
    return decision;
  }
}
