import type { Clock } from '@revocast/denylist/replica';
import type { Auth, Decision, WhenUnknown } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import type { DecisionHook } from '../gate/decision-hook.ts';
import type { AnswerStyle } from '../gate/refusal.ts';
import type { Watch, WatchOptions } from '../streams/watch.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AnyRequest } from '../token/bearer.ts';
import type { VerifiedToken } from '../token/verified-token.ts';

/** What a gate needs of a verifier and the public interface does not offer. */
export interface VerifierParts {
  readonly decide: (request: AnyRequest, whenUnknown?: WhenUnknown) => Decision | Promise<Decision>;
  /**
   * The token of a request that is accepted as one before it. Absent in a verifier of an earlier version of this package.
   *
   * @param monotonicMs now.
   */
  readonly acceptAgain?: (request: AnyRequest, monotonicMs: number) => VerifiedToken | undefined;
  /** Declares before any request that some requests will be decided with this policy. */
  readonly declareFailOpen: (whenUnknown: WhenUnknown) => void;
  /** Absent in a verifier of an earlier version of this package. */
  readonly watch?: (auth: Auth, options?: WatchOptions) => Watch;
  readonly telemetry: Telemetry;
  /** Absent without the options `onDecision` and `logRefusals`, and in another version of this package. */
  readonly decided?: DecisionHook;
  readonly clock: Clock;
  readonly answerStyle: AnswerStyle;
  readonly reportOnly: boolean;
}

// Registered: the ESM copy of this package then accepts verifiers of the CommonJS copy, and the reverse.
const partsKey = Symbol.for('revocast.verifier-parts');

export function attachParts<Owner extends object>(owner: Owner, parts: VerifierParts): Owner {
  return Object.freeze(Object.defineProperty(owner, partsKey, { value: parts }));
}

export function hasParts<Value>(value: Value): value is Value & object {
  return typeof value === 'object' && value !== null && partsKey in value;
}

/** @throws ConfigurationError for an object that `createVerifier` has not created. */
export function partsOf(verifier: object): VerifierParts {
  const parts: unknown = Reflect.get(verifier, partsKey);
  if (parts === undefined) throw new ConfigurationError('verifier', 'expected what createVerifier() returned');
  return parts as VerifierParts; // put there by attachParts and by nothing else
}
