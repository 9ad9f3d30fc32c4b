import { withTimeout } from '@revocast/denylist/replica';
import type { Auth, Decision } from '../decision.ts';
import type { Reason } from '../errors.ts';
import type { AnyRequest } from '../token/bearer.ts';
import type { VerifierParts } from '../verifier/verifier-parts.ts';
import { refusedByGuard } from './decision-hook.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Requirement } from './requirement.ts';

/** What a gate says about a request. */
export type Passage = Admission | Refusal;

/** How long the check of a requirement may take, ms: a predicate that never settles must not keep the request open. */
const checkTimeoutMs = 3000;

/**
 * A request that has passed a gate. Guards and routes find it on the request: `admissionOf`. It holds nothing of the request
 * itself, is frozen, and is shared by requests with the same token.
 */
export class Admission {
  readonly pass = true;
  readonly verifier: VerifierParts;
  /** Whether the application answers refusals itself. */
  readonly forwardErrors: boolean;
  /** Undefined for anonymous requests, and in report-only mode. */
  readonly auth: Auth | undefined;
  /** What guards enforce: 0 nothing (report-only) · 1 that there is a token · 2 their requirements on a token. */
  readonly strength: number;
  /** RFC 9449 §8.2: the nonce for the next proof of this client. */
  readonly dpopNonce: string | undefined;
  readonly #decision: Decision;
  /** Present in report-only mode too, where guards only count. */
  readonly #verified: Auth | undefined;

  constructor(verifier: VerifierParts, decision: Decision, forwardErrors: boolean) {
    const { reportOnly } = verifier;
    this.verifier = verifier;
    this.forwardErrors = forwardErrors;
    this.#decision = decision;
    this.#verified = decision.outcome === 'accepted' ? decision.auth : undefined;
    this.auth = reportOnly ? undefined : this.#verified;
    this.strength = reportOnly ? 0 : this.auth === undefined ? 1 : 2;
    this.dpopNonce = decision.dpop?.nonce;
    Object.freeze(this);
  }

  /** Whether a gate with this verifier and this option admits as this admission says. */
  belongsTo(verifier: VerifierParts, forwardErrors: boolean): boolean {
    return this.verifier === verifier && this.forwardErrors === forwardErrors;
  }

  /**
   * Decides whether the token meets a requirement, and counts that.
   *
   * @param request for the hook `onDecision`, which receives the decision of a guard that refuses.
   * @returns synchronously unless the requirement is checked asynchronously. Never throws, never rejects: a check that
   * fails or takes too long is `internal_error`, and not the fault of the token.
   */
  authorize({ wanted, check }: Requirement, request: AnyRequest): Passage | Promise<Passage> {
    const { telemetry, reportOnly, answerStyle, clock, decided } = this.verifier;
    const verified = this.#verified;
    const conclude = (reason: Reason | undefined, cause?: unknown): Passage => {
      telemetry.authorized(reason, reportOnly);
      if (reason === undefined && wanted.scopes !== undefined) {
        telemetry.scopesUsed?.(wanted.scopes, verified?.scopes ?? []);
      }
      if (reason !== undefined && decided !== undefined) {
        decided(refusedByGuard(this.#decision, reason, cause), request, reportOnly ? 'report-only' : 'enforced');
      }
      if (reason === undefined || reportOnly) return this;
      const { dpopNonce } = this;
      return refuse({ reason, cause }, answerStyle, { ...wanted, scheme: schemeOf(this.#decision), dpopNonce });
    };
    const fail = (cause: unknown): Passage => conclude('internal_error', cause);
    // RFC 6750 §3: without authentication there is no scope to check, and the challenge has no error code.
    if (verified === undefined) return conclude('missing_token');
    try {
      const reason = check(verified, clock.wallMs());
      if (!(reason instanceof Promise)) return conclude(reason);
      return withTimeout(reason, { clock, timeoutMs: checkTimeoutMs, late: 'internal_error' as const }).then(
        conclude,
        fail,
      );
    } catch (cause) {
      return fail(cause);
    }
  }
}

export function schemeOf({ dpop }: Decision): 'bearer' | 'dpop' {
  return dpop === undefined ? 'bearer' : 'dpop';
}
