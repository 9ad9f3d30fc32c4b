import type { Auth } from '../decision.ts';
import { ConfigurationError, type Reason } from '../errors.ts';
import type { Wanted } from '../gate/challenge.ts';
import { readNumber, readStrings, refuse, refuseUnknownKeys } from '../options/read-option.ts';
import { scopeToken } from '../token/scope.ts';
import { refuseRequest } from './answer.ts';
import { type Handler, stateOf } from './request-state.ts';

/** Answers whether a request may pass: undefined, or the reason why not. */
type Guard = (auth: Auth, nowMs: number) => Reason | undefined | Promise<Reason | undefined>;

/** How long a predicate may take before the request is answered 500: a hook that never settles must hang nobody. */
const predicateTimeoutMs = 3000;

/** Lets pass who has all these scopes; otherwise 403 `insufficient_scope` naming them. */
export function requireScope(...all: string[]): Handler {
  const scopes = readScopeNames('requireScope', all);
  return guard({ scopes }, ({ scopes: held }) =>
    scopes.every((scope) => held.includes(scope)) ? undefined : 'insufficient_scope',
  );
}

/** Lets pass who has at least one of these scopes; otherwise 403 `insufficient_scope` naming them. */
export function requireAnyScope(...any: string[]): Handler {
  const scopes = readScopeNames('requireAnyScope', any);
  return guard({ scopes }, ({ scopes: held }) =>
    scopes.some((scope) => held.includes(scope)) ? undefined : 'insufficient_scope',
  );
}

/** Decides about the claims of a verified token; may be asynchronous, within 3 s. */
export type ClaimsPredicate = (claims: Auth['claims'], auth: Auth) => boolean | Promise<boolean>;

/**
 * Lets pass whose claims satisfy a predicate, or equal the given values (strings, numbers, booleans); otherwise 403.
 * A predicate that throws, rejects or does not settle is our fault (500), not the token's.
 */
export function requireClaims(wanted: ClaimsPredicate | Readonly<Record<string, string | number | boolean>>): Handler {
  const predicate = typeof wanted === 'function' ? wanted : equalling(wanted);
  return guard({}, (auth) => {
    const answer = predicate(auth.claims, auth);
    const reasonOf = (passes: boolean): Reason | undefined => (passes === true ? undefined : 'insufficient_scope');
    // Any promise, not only Node's own: one taken for a value would refuse everybody.
    return typeof answer === 'object' ? withDeadline(Promise.resolve(answer).then(reasonOf)) : reasonOf(answer);
  });
}

export interface StepUpOptions {
  /** Accepted authentication context classes, best first (RFC 9470 §3 `acr_values`). */
  readonly acr?: string | readonly string[];
  /** Seconds since the user last authenticated (`auth_time`), 0–31536000. */
  readonly maxAgeSeconds?: number;
}

/** Lets pass who authenticated strongly and recently enough; otherwise 401 with what is wanted (RFC 9470). */
export function requireStepUp(options: StepUpOptions): Handler {
  refuseUnknownKeys('requireStepUp.', { ...options }, ['acr', 'maxAgeSeconds']);
  const acr = options.acr === undefined ? undefined : readStrings('requireStepUp.acr', options.acr);
  for (const value of acr ?? []) {
    if (!scopeToken.test(value))
      refuse('requireStepUp.acr', 'printable ASCII without space, quote and backslash', value);
  }
  const maxAgeSeconds =
    options.maxAgeSeconds === undefined
      ? undefined
      : readNumber('requireStepUp.maxAgeSeconds', options.maxAgeSeconds, { min: 0, max: 31_536_000, unit: 'seconds' });
  if (acr === undefined && maxAgeSeconds === undefined) {
    throw new ConfigurationError('requireStepUp', 'say `acr`, `maxAgeSeconds` or both');
  }
  const wanted = { acr, maxAgeSeconds };
  return guard(wanted, ({ claims }, nowMs) => {
    const { acr: held, auth_time: authTime } = claims;
    if (acr !== undefined && !(typeof held === 'string' && acr.includes(held))) return 'step_up_required';
    if (maxAgeSeconds === undefined) return undefined;
    const recent = typeof authTime === 'number' && nowMs / 1000 - authTime <= maxAgeSeconds;
    return recent ? undefined : 'step_up_required';
  });
}

function guard(wanted: Wanted, decide: Guard): Handler {
  return function guardRequest(request, response, next) {
    const state = stateOf(request);
    if (state === undefined) {
      next(new ConfigurationError('guard', 'this route is not behind protect(): mount protect() before it'));
      return;
    }
    const { parts, verified, forwardErrors, scheme } = state;
    const { telemetry, answerStyle: style, reportOnly, clock } = parts;
    const conclude = (reason: Reason | undefined, cause?: unknown): void => {
      telemetry.authorized(reason, reportOnly);
      if (reason === undefined && wanted.scopes !== undefined)
        telemetry.scopesUsed?.(wanted.scopes, verified?.scopes ?? []);
      if (reason === undefined || reportOnly) next();
      else
        refuseRequest(
          { reason, wanted: { ...wanted, scheme }, cause },
          { request, response, next, style, forwardErrors },
        );
    };
    // Who is nobody cannot be told that a scope is missing: RFC 6750 §3, no error code.
    if (verified === undefined) {
      conclude('missing_token');
      return;
    }
    try {
      const reason = decide(verified, clock.wallMs());
      if (!(reason instanceof Promise)) conclude(reason);
      else reason.then(conclude, (error: unknown) => conclude('internal_error', error)).catch(next);
    } catch (error) {
      conclude('internal_error', error);
    }
  };
}

function readScopeNames(where: string, scopes: readonly string[]): readonly string[] {
  const names = readStrings(where, scopes);
  for (const name of names) {
    if (!scopeToken.test(name)) refuse(where, 'scopes without space, quote and backslash (RFC 6749 §3.3)', name);
  }
  return names;
}

function equalling(wanted: Readonly<Record<string, unknown>>): ClaimsPredicate {
  const entries = Object.entries(wanted);
  if (entries.length === 0) throw new ConfigurationError('requireClaims', 'name at least one claim');
  for (const [, value] of entries) {
    if (!['string', 'number', 'boolean'].includes(typeof value))
      refuse('requireClaims', 'strings, numbers or booleans', value);
  }
  return (claims) => entries.every(([name, value]) => claims[name] === value);
}

async function withDeadline(answer: Promise<Reason | undefined>): Promise<Reason | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<Reason>((resolve) => {
    timer = setTimeout(() => resolve('internal_error'), predicateTimeoutMs);
    timer.unref();
  });
  try {
    return await Promise.race([answer, expired]);
  } finally {
    clearTimeout(timer);
  }
}
