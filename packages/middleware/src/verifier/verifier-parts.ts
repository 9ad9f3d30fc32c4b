import type { Clock } from '@revocast/denylist/replica';
import type { Decision, WhenUnknown } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import type { AnswerStyle } from '../gate/challenge.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';

/** What an HTTP adapter needs of a verifier beside its public face. */
export interface VerifierParts {
  readonly decide: (request: RequestWithHeaders, whenUnknown?: WhenUnknown) => Decision | Promise<Decision>;
  /** Tells, before any request, that this will be the policy of some. */
  readonly declareFailOpen: (whenUnknown: WhenUnknown) => void;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly answerStyle: AnswerStyle;
  readonly reportOnly: boolean;
}

// Registered, so that the ESM and the CommonJS copy of this package understand each other's verifiers.
const partsKey = Symbol.for('revocast.verifier-parts');

export function attachParts<Owner extends object>(owner: Owner, parts: VerifierParts): Owner {
  return Object.freeze(Object.defineProperty(owner, partsKey, { value: parts }));
}

export function hasParts(value: object): boolean {
  return partsKey in value;
}

/** @throws ConfigurationError for what `createVerifier` has not made. */
export function partsOf(verifier: object): VerifierParts {
  const parts: unknown = Reflect.get(verifier, partsKey);
  if (parts === undefined) throw new ConfigurationError('verifier', 'expected what createVerifier() returned');
  return parts as VerifierParts; // put there by attachParts and by nothing else
}
