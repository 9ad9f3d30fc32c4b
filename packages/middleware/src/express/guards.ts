import { ConfigurationError } from '../errors.ts';
import { admissionOf } from '../gate/admitted-request.ts';
import {
  type ClaimsPredicate,
  type ClaimValues,
  type Requirement,
  requiredClaims,
  requiredScopes,
  requiredStepUp,
  type StepUpOptions,
} from '../gate/requirement.ts';
import { conclude, type Handler } from './handler.ts';

/** Passes requests whose token has all these scopes; otherwise 403 `insufficient_scope` that names them. */
export function requireScope(...all: string[]): Handler {
  return guard(requiredScopes('requireScope', all, 'every'));
}

/** Passes requests whose token has at least one of these scopes; otherwise 403 `insufficient_scope` that names them. */
export function requireAnyScope(...any: string[]): Handler {
  return guard(requiredScopes('requireAnyScope', any, 'some'));
}

/**
 * Passes requests whose claims satisfy a predicate, or equal the given values; otherwise 403. A predicate that throws,
 * rejects or takes longer than 3 s is answered 500: that is not the fault of the token.
 */
export function requireClaims(wanted: ClaimsPredicate | ClaimValues): Handler {
  return guard(requiredClaims('requireClaims', wanted));
}

/** Passes requests of users who authenticated strongly and recently enough; otherwise 401 that says what is needed (RFC 9470). */
export function requireStepUp(options: StepUpOptions): Handler {
  return guard(requiredStepUp('requireStepUp', options));
}

function guard(requirement: Requirement): Handler {
  return function guardRequest(request, response, next) {
    const admission = admissionOf(request);
    if (admission === undefined) {
      next(new ConfigurationError('guard', 'this route is not behind protect(): mount protect() before it'));
      return;
    }
    conclude(admission.authorize(requirement, request), { response, next, forwardErrors: admission.forwardErrors });
  };
}
