import type { Decision } from '../decision.ts';
import type { DecisionUse } from '../telemetry/telemetry.ts';
import type { AnyRequest } from '../token/bearer.ts';
import type { VerifierParts } from '../verifier/verifier-parts.ts';
import { Admission, type Passage, schemeOf } from './admission.ts';
import { admissionOf, noteAdmission } from './admitted-request.ts';
import type { GateOptions } from './gate-options.ts';
import { refuse } from './refusal.ts';

/**
 * Decides what a decision means for a request: whether it passes, how that is counted, and the answer if it does not.
 * Independent of any framework.
 */
export class Gate {
  readonly #verifier: VerifierParts;
  readonly #options: GateOptions;

  constructor(verifier: VerifierParts, options: GateOptions) {
    this.#verifier = verifier;
    this.#options = options;
    if (options.whenUnknown !== undefined) verifier.declareFailOpen(options.whenUnknown);
  }

  /** Decides about a request and counts the decision. Never throws, never rejects. */
  decide(request: AnyRequest, whenUnknown = this.#options.whenUnknown): Decision | Promise<Decision> {
    const { clock, decide } = this.#verifier;
    const startedAtMs = clock.monotonicMs();
    const decision = decide(request, whenUnknown);
    return decision instanceof Promise
      ? decision.then((settled) => this.#count(settled, request, startedAtMs))
      : this.#count(decision, request, startedAtMs);
  }

  /**
   * Decides whether a request passes, and notes the admission of one that does.
   *
   * @returns synchronously where the decision is. Never throws, never rejects.
   */
  enter(request: AnyRequest): Passage | Promise<Passage> {
    // A route may have a stricter gate than the application around it. That is one request, and counted once.
    const isCounted = admissionOf(request)?.verifier.telemetry === this.#verifier.telemetry;
    const decision = isCounted ? this.#verifier.decide(request, this.#options.whenUnknown) : this.decide(request);
    return decision instanceof Promise
      ? decision.then((settled) => this.#conclude(settled, request))
      : this.#conclude(decision, request);
  }

  #count(decision: Decision, request: AnyRequest, startedAtMs: number): Decision {
    const { clock, telemetry } = this.#verifier;
    telemetry.decided(decision, this.#useOf(decision), clock.monotonicMs() - startedAtMs);
    if (decision.outcome === 'accepted') telemetry.tokenUsed?.(decision.auth, request);
    return decision;
  }

  #conclude(decision: Decision, request: AnyRequest): Passage {
    const { outcome } = decision;
    if (outcome !== 'accepted' && this.#useOf(decision) === 'enforced') {
      return refuse(decision, this.#verifier.answerStyle, { scheme: schemeOf(decision) });
    }
    return noteAdmission(request, new Admission(this.#verifier, decision, this.#options.forwardErrors));
  }

  /** Anonymous means no credentials at all: a bad or expired token is refused. */
  #useOf(decision: Decision): DecisionUse {
    const { anonymous } = this.#options;
    if (anonymous && decision.outcome === 'rejected' && decision.reason === 'missing_token') return 'anonymous';
    return this.#verifier.reportOnly ? 'report-only' : 'enforced';
  }
}
