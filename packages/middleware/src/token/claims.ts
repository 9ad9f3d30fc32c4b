import { ruleMarginSeconds } from '@revocast/denylist/replica';
import type { RejectionReason } from '../errors.ts';
import type { CompactHeader } from './compact.ts';
import type { JsonObject } from './json.ts';
import { type ClaimMap, type ClaimName, mappedClaim } from './mapped-claim.ts';
import { readScopes } from './scope.ts';

/** What the claims of one issuer's tokens must satisfy. Milliseconds. */
export interface ClaimPolicy {
  readonly types: readonly string[];
  readonly requiredClaims: readonly (string | readonly string[])[];
  readonly fixedClaims: Readonly<Record<string, string>>;
  readonly scopeClaims: readonly string[];
  readonly claimMap: ClaimMap;
  readonly audienceClaim: string;
  /** `null`: any audience. */
  readonly audience: readonly string[] | null;
  readonly algorithms: readonly string[];
  readonly clockToleranceMs: number;
  readonly maxTokenAgeMs: number | undefined;
  readonly maxTokenLifetimeMs: number;
}

/** One token before one issuer's policy, at one moment. */
export interface TokenUnderTest {
  readonly header: CompactHeader;
  readonly claims: JsonObject;
  readonly policy: ClaimPolicy;
  readonly nowMs: number;
}

/** One rule. Returns why the token breaks it, or undefined. */
export type Check = (token: TokenUnderTest) => RejectionReason | undefined;

/** The last second that a rule of the denylist can name: what lies beyond (milliseconds for seconds, 1e308) is no date. */
const lastSecond = 0xffff_ffff;

/** RFC 7519 §2: seconds, fractions allowed. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= lastSecond;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/**
 * How far ahead `iat` may lie. Rules outlive the tokens they cover by a fixed margin, and tolerance is spent out of it
 * twice: once on `exp`, once on `iat`.
 */
export function futureIssueAllowanceMs(clockToleranceMs: number): number {
  return Math.min(clockToleranceMs, ruleMarginSeconds * 1000 - clockToleranceMs);
}

/** RFC 9068 §4: typ must be at+jwt or application/at+jwt. RFC 7515 §4.1.9: compared as a media type, case aside. */
export const checkType: Check = ({ header, policy }) => {
  const type = (header.typ ?? '').toLowerCase().replace(/^application\//, '');
  return policy.types.includes(type) ? undefined : 'wrong_typ';
};

/** RFC 7519 §5.2: `cty: JWT` says that the payload is another token, which nobody here has verified. */
export const checkContentType: Check = ({ header }) => (header.cty === undefined ? undefined : 'wrong_typ');

/** RFC 9068 §4, RFC 8725 §3.1: only the algorithms that were chosen. */
export const checkAlgorithm: Check = ({ header, policy }) =>
  policy.algorithms.includes(header.alg) ? undefined : 'alg_not_allowed';

/** RFC 7519 §4.1.4: on or after `exp` the token must not be accepted. */
export const checkExpiry: Check = ({ claims: { exp }, policy, nowMs }) => {
  if (exp === undefined) return 'missing_claim';
  if (!isNumericDate(exp)) return 'invalid_claim';
  return isExpired(exp, policy.clockToleranceMs, nowMs) ? 'expired' : undefined;
};

export function isExpired(exp: number, clockToleranceMs: number, nowMs: number): boolean {
  return nowMs >= exp * 1000 + clockToleranceMs;
}

/** RFC 7519 §4.1.5. */
export const checkNotBefore: Check = ({ claims: { nbf }, policy, nowMs }) => {
  if (nbf === undefined) return undefined;
  if (!isNumericDate(nbf)) return 'invalid_claim';
  return isBefore(nbf, policy.clockToleranceMs, nowMs) ? 'not_yet_valid' : undefined;
};

export function isBefore(nbf: number, clockToleranceMs: number, nowMs: number): boolean {
  return nowMs + clockToleranceMs < nbf * 1000;
}

/** RFC 9068 §2.2: `iat` is required. Stricter than RFC 7519: a token from the future would outlive its cutoff. */
export const checkIssuedAt: Check = ({ claims: { iat }, policy, nowMs }) => {
  if (iat === undefined) return 'missing_claim';
  if (!isNumericDate(iat)) return 'invalid_claim';
  return isBefore(iat, futureIssueAllowanceMs(policy.clockToleranceMs), nowMs) ? 'not_yet_valid' : undefined;
};

/** Not in any RFC: the denylist forgets a rule once every token it covers has expired, so their lifetime has a bound. */
export const checkLifetime: Check = ({ claims: { exp, iat }, policy }) => {
  if (!isNumericDate(exp) || !isNumericDate(iat)) return 'invalid_claim';
  return (exp - iat) * 1000 > policy.maxTokenLifetimeMs ? 'too_long_lived' : undefined;
};

/** The operator's own bound on age, whatever `exp` says. */
export const checkAge: Check = ({ claims: { iat }, policy, nowMs }) => {
  if (policy.maxTokenAgeMs === undefined) return undefined;
  if (!isNumericDate(iat)) return 'invalid_claim';
  return isTooOld(iat, policy.maxTokenAgeMs + policy.clockToleranceMs, nowMs) ? 'too_old' : undefined;
};

export function isTooOld(iat: number, maxAgeMs: number, nowMs: number): boolean {
  return nowMs - iat * 1000 > maxAgeMs;
}

/** RFC 9068 §4, RFC 7519 §4.1.3: one of the audiences must be us. */
export const checkAudience: Check = ({ claims, policy: { audience, audienceClaim } }) => {
  if (audience === null) return undefined;
  const claim = claims[audienceClaim];
  if (claim === undefined) return 'missing_claim';
  const named = typeof claim === 'string' ? [claim] : claim;
  if (!Array.isArray(named) || !named.every((name) => typeof name === 'string')) return 'invalid_claim';
  return named.some((name) => audience.includes(name)) ? undefined : 'wrong_audience';
};

/** RFC 9068 §2.2 (or the profile): these claims must be there. */
export const checkRequiredClaims: Check = ({ claims, policy }) => {
  for (const name of policy.requiredClaims) {
    const value = mappedClaim(claims, name);
    if (value === undefined) return 'missing_claim';
    if (name !== policy.audienceClaim && !isName(value)) return 'invalid_claim';
  }
  return undefined;
};

/** Members that only other tokens of the same issuer have: an ID token (OpenID Connect Core §3.1.3.6), a logout token. */
const otherTokensClaims = ['at_hash', 'c_hash', 's_hash', 'events'];

/** RFC 8725 §3.12: tokens of different kinds must not be mistaken for each other, also where `typ` does not tell. */
export const checkKind: Check = ({ claims, policy }) => {
  if (otherTokensClaims.some((name) => claims[name] !== undefined)) return 'wrong_typ';
  for (const [name, value] of Object.entries(policy.fixedClaims)) {
    if (claims[name] === undefined) return 'missing_claim';
    if (claims[name] !== value) return 'wrong_typ';
  }
  return undefined;
};

/**
 * What a revocation can name must be a non-empty string where it is there at all, and the subject must be there: a
 * claim that cannot be read is a revocation that cannot be found.
 */
export const checkRevocableClaims: Check = ({ claims, policy: { claimMap } }) => {
  if (mappedClaim(claims, claimMap.subject) === undefined) return 'missing_claim';
  const readable = Object.values<ClaimName>({ ...claimMap }).every((name) => {
    const value = mappedClaim(claims, name);
    return value === undefined || isName(value);
  });
  return readable ? undefined : 'invalid_claim';
};

/** RFC 8693 §4.2, RFC 9068 §2.2.3. */
export const checkScope: Check = ({ claims, policy }) =>
  readScopes(claims, policy.scopeClaims) === undefined ? 'invalid_claim' : undefined;
