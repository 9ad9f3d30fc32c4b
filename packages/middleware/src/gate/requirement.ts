import type { Auth } from '../decision.ts';
import { ConfigurationError, type Reason } from '../errors.ts';
import { type GivenOptions, group, number, optional } from '../options/option-table.ts';
import { isGiven, readStrings, refuse } from '../options/read-option.ts';
import { scopeToken } from '../token/scope.ts';
import type { Wanted } from './refusal.ts';

/** What a route demands of an accepted token. */
export interface Requirement {
  /** What the challenge names. */
  readonly wanted: Wanted;
  /** Returns undefined if the token meets the requirement, otherwise the reason to refuse the request. */
  readonly check: (auth: Auth, nowMs: number) => Reason | undefined | Promise<Reason | undefined>;
}

/**
 * All of some scopes, or any of them.
 *
 * @throws ConfigurationError without a scope, and for scopes that no token can contain (RFC 6749 §3.3).
 */
export function requiredScopes(where: string, names: readonly string[], quantifier: 'every' | 'some'): Requirement {
  const expected = `scopes, each an argument of its own: ${where}('orders:read', 'orders:write')`;
  if (names.length === 0) refuse(where, expected, undefined);
  for (const name of names) {
    if (typeof name !== 'string' || name === '') refuse(where, expected, name);
    if (!scopeToken.test(name)) {
      refuse(where, `${expected}; without space, quote and backslash (RFC 6749 §3.3)`, name);
    }
  }
  const scopes = Object.freeze([...names]);
  return {
    wanted: { scopes },
    check: ({ scopes: held }) =>
      scopes[quantifier]((scope) => held.includes(scope)) ? undefined : 'insufficient_scope',
  };
}

/** Decides about the claims of a verified token; may be asynchronous, within 3 s. */
export type ClaimsPredicate = (claims: Auth['claims'], auth: Auth) => boolean | Promise<boolean>;

/** Claims to compare with: strings, numbers and booleans. */
export type ClaimValues = Readonly<Record<string, string | number | boolean>>;

/** Claims that satisfy a predicate or equal some values. @throws ConfigurationError */
export function requiredClaims(where: string, wanted: ClaimsPredicate | ClaimValues): Requirement {
  const predicate = typeof wanted === 'function' ? wanted : equalTo(where, wanted);
  const reasonOf = (passes: boolean) => (passes === true ? undefined : 'insufficient_scope');
  return {
    wanted: {},
    check(auth) {
      const answer = predicate(auth.claims, auth);
      // A promise of any library: if it were taken for a value, every request would be refused.
      return typeof answer === 'object' ? Promise.resolve(answer).then(reasonOf) : reasonOf(answer);
    },
  };
}

function equalTo(where: string, wanted: ClaimValues): ClaimsPredicate {
  if (!isGiven(wanted)) refuse(where, 'a function, or an object of claims and their values', wanted);
  const entries = Object.entries(wanted);
  if (entries.length === 0) throw new ConfigurationError(where, 'name at least one claim');
  for (const [, value] of entries) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) refuse(where, 'strings, numbers or booleans', value);
  }
  return (claims) => entries.every(([name, value]) => claims[name] === value);
}

const stepUpTable = {
  /** Accepted authentication context classes, best first (RFC 9470 §3 `acr_values`). */
  acr: optional<readonly string[], string | readonly string[]>({
    bounds: 'printable ASCII without space, quote and backslash',
    read(name, value) {
      const classes = readStrings(name, value);
      return classes.every((text) => scopeToken.test(text)) ? classes : undefined;
    },
  }),
  /** Seconds since the user last authenticated (`auth_time`), 0–31536000. */
  maxAgeSeconds: number({ unit: 'seconds', default: undefined, min: 0, max: 31_536_000 }),
};

export type StepUpOptions = GivenOptions<typeof stepUpTable>;

/** Authentication of the user that is strong and recent enough (RFC 9470). @throws ConfigurationError */
export function requiredStepUp(where: string, options: StepUpOptions): Requirement {
  const { acr, maxAgeSeconds } = group(stepUpTable)(where, options, { allowHttp: false, environment: {} });
  if (acr === undefined && maxAgeSeconds === undefined) {
    throw new ConfigurationError(where, 'expected `acr`, `maxAgeSeconds` or both');
  }
  return {
    wanted: { acr, maxAgeSeconds },
    check({ claims: { acr: held, auth_time: authTime } }, nowMs) {
      if (acr !== undefined && !(typeof held === 'string' && acr.includes(held))) return 'step_up_required';
      if (maxAgeSeconds === undefined) return undefined;
      const isRecent = typeof authTime === 'number' && nowMs / 1000 - authTime <= maxAgeSeconds;
      return isRecent ? undefined : 'step_up_required';
    },
  };
}
