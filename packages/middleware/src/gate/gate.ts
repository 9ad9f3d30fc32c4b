import type { Decision, WhenUnknown } from '../decision.ts';
import type { DecisionUse } from '../telemetry/telemetry.ts';
import type { AnyRequest } from '../token/bearer.ts';
import type { VerifiedToken } from '../token/verified-token.ts';
import type { VerifierParts } from '../verifier/verifier-parts.ts';
import { Admission, type Passage, schemeOf } from './admission.ts';
import { admissionOf, noteAdmission, noteFirstAdmission } from './admitted-request.ts';
import type { ReadGateOptions } from './gate-options.ts';
import { refuse } from './refusal.ts';

/**
 * Decides what a decision means for a request: whether it passes, how that is counted, and the answer if it does not.
 * Independent of any framework.
 */
export class Gate {
  readonly #verifier: VerifierParts;
  readonly #options: ReadGateOptions;

  constructor(verifier: VerifierParts, options: ReadGateOptions) {
    this.#verifier = verifier;
    this.#options = options;
    if (options.whenUnknown !== undefined) verifier.declareFailOpen(options.whenUnknown);
  }

  /** Decides about a request and counts the decision. Never throws, never rejects. */
  decide(request: AnyRequest, whenUnknown = this.#options.whenUnknown): Decision | Promise<Decision> {
    const { clock, acceptAgain } = this.#verifier;
    const startedAtMs = clock.monotonicMs();
    const known = acceptAgain?.(request, startedAtMs);
    return known === undefined
      ? this.#decide(request, whenUnknown, startedAtMs)
      : this.#count(known.accepted, request, startedAtMs);
  }

  /**
   * Decides whether a request passes, and notes the admission of one that does.
   *
   * @returns synchronously where the decision is. Never throws, never rejects.
   */
  enter(request: AnyRequest): Passage | Promise<Passage> {
    const { clock, acceptAgain } = this.#verifier;
    const outer = admissionOf(request);
    const startedAtMs = clock.monotonicMs();
    const known = outer === undefined ? acceptAgain?.(request, startedAtMs) : undefined;
    if (known === undefined) return this.#decideAndConclude(request, outer, startedAtMs);
    this.#count(known.accepted, request, startedAtMs);
    return noteFirstAdmission(request, this.#admissionOf(known));
  }

  /** Apart from {@link enter}, because V8 inlines small functions only. */
  #decideAndConclude(
    request: AnyRequest,
    outer: Admission | undefined,
    startedAtMs: number,
  ): Passage | Promise<Passage> {
    // A route may have a stricter gate than the application around it. That is one request, and counted once.
    const decision =
      outer?.verifier.telemetry === this.#verifier.telemetry
        ? this.#decideAgain(request, outer.verifier)
        : this.#decide(request, this.#options.whenUnknown, startedAtMs);
    return decision instanceof Promise
      ? decision.then((settled) => this.#conclude(settled, request))
      : this.#conclude(decision, request);
  }

  #decide(
    request: AnyRequest,
    whenUnknown: WhenUnknown | undefined,
    startedAtMs: number,
  ): Decision | Promise<Decision> {
    const decision = this.#verifier.decide(request, whenUnknown);
    return decision instanceof Promise
      ? decision.then((settled) => this.#count(settled, request, startedAtMs))
      : this.#count(decision, request, startedAtMs);
  }

  /** Not counted. A hook that has received the first decision about the request receives a second one if it refuses. */
  #decideAgain(request: AnyRequest, first: VerifierParts): Decision | Promise<Decision> {
    const decision = this.#verifier.decide(request, this.#options.whenUnknown);
    const { decided } = this.#verifier;
    if (decided === undefined) return decision;
    const note = (settled: Decision) => {
      if (settled.outcome !== 'accepted' || first.decided !== decided) decided(settled, request, this.#useOf(settled));
      return settled;
    };
    return decision instanceof Promise ? decision.then(note) : note(decision);
  }

  /** @param startedAtMs monotonic milliseconds. */
  #count(decision: Decision, request: AnyRequest, startedAtMs: number): Decision {
    const { clock, telemetry, decided } = this.#verifier;
    const use = this.#useOf(decision);
    telemetry.decided(decision, use, clock.monotonicMs() - startedAtMs);
    if (decided !== undefined) decided(decision, request, use);
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

  /** Made once for each token: it holds nothing of a request. */
  #admissionOf(known: VerifiedToken): Admission {
    const { admission } = known;
    const { forwardErrors } = this.#options;
    // Another gate of the same verifier may have other options.
    if (admission instanceof Admission && admission.belongsTo(this.#verifier, forwardErrors)) return admission;
    const made = new Admission(this.#verifier, known.accepted, forwardErrors);
    known.admission = made;
    return made;
  }

  /** Anonymous means no credentials at all: a bad or expired token is refused. */
  #useOf(decision: Decision): DecisionUse {
    const { anonymous } = this.#options;
    if (anonymous && decision.outcome === 'rejected' && decision.reason === 'missing_token') return 'anonymous';
    return this.#verifier.reportOnly ? 'report-only' : 'enforced';
  }
}
