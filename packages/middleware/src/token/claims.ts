import { backdatingSeconds, cutoffSkewSeconds, ruleMarginSeconds } from '@revocast/denylist/replica';
import type { RejectionReason } from '../errors.ts';
import { type ClaimMap, mappedRoles } from '../options/profiles.ts';
import type { CompactHeader } from './compact.ts';
import { mappedClaim, maxValueLength } from './dimensions.ts';
import { isAbsent, type JsonObject } from './json.ts';
import { readScopes } from './scope.ts';

/** The requirements on the claims of one issuer's tokens. Times are milliseconds. */
export interface ClaimPolicy {
  readonly types: readonly string[];
  readonly requiredClaims: readonly (string | readonly string[])[];
  readonly fixedClaims: Readonly<Record<string, readonly string[]>>;
  readonly idTokensLookAlike: boolean;
  readonly mayNameNoClient: boolean;
  readonly scopeClaims: readonly string[];
  readonly claimMap: ClaimMap;
  readonly audienceClaims: readonly string[];
  /** `null`: any audience. */
  readonly audience: readonly string[] | null;
  readonly algorithms: readonly string[];
  readonly clockToleranceMs: number;
  /** The option of this name; undefined: that of the log. */
  readonly iatToleranceMs: number | undefined;
  readonly maxTokenAgeMs: number | undefined;
  readonly maxTokenLifetimeMs: number;
}

/** A token, the policy of its issuer, and the time. */
export interface TokenUnderTest {
  readonly header: CompactHeader;
  readonly claims: JsonObject;
  readonly policy: ClaimPolicy;
  readonly nowMs: number;
  /** By how much the log adds to a cutoff of now; undefined while it is not known, or without revocation. */
  readonly logSkewMs?: number;
}

/** Returns the reason to reject the token, or undefined. */
export type Check = (token: TokenUnderTest) => RejectionReason | undefined;

/** A check whose result changes with time. It reads claims only. */
export type TimeCheck = (token: Omit<TokenUnderTest, 'header'>) => RejectionReason | undefined;

/** Runs checks in order. Returns the reason of the first that fails, or undefined. */
export function firstFault<Token>(
  checks: readonly ((token: Token) => RejectionReason | undefined)[],
  token: Token,
): RejectionReason | undefined {
  for (const check of checks) {
    const fault = check(token);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The last second of a denylist rule. A greater number (milliseconds for seconds, 1e308) is not a date. */
const lastSecond = 0xffff_ffff;

/** RFC 7519 §2: seconds, fractions allowed. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= lastSecond;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** That of a new log. */
const defaultIatToleranceMs = cutoffSkewSeconds * 1000;

/**
 * How far `iat` may be in the future: no further than the log adds to a cutoff of now. A token that is further ahead was
 * issued before the cutoff, and the cutoff does not cover it.
 */
export function iatToleranceOf({ policy, logSkewMs }: Pick<TokenUnderTest, 'policy' | 'logSkewMs'>): number {
  const { iatToleranceMs = logSkewMs ?? defaultIatToleranceMs } = policy;
  return Math.min(iatToleranceMs, logSkewMs ?? iatToleranceMs);
}

/**
 * The tolerance for `exp`. A rule is kept for a fixed margin longer than the tokens
 * that it covers. Tokens that are dated back use a part of this margin, and these two the rest, so each has at most half of
 * it. A larger tolerance is never stricter.
 */
export function boundedToleranceMs(clockToleranceMs: number): number {
  return Math.min(clockToleranceMs, ((ruleMarginSeconds - backdatingSeconds) * 1000) / 2);
}

/** RFC 7515 §4.1.9 and §4.1.10: a media type, compared without case; `application/` may be left out. */
function mediaTypeOf(text: string): string {
  return text.toLowerCase().replace(/^application\//, '');
}

function typeOf({ typ = '' }: CompactHeader): string {
  return mediaTypeOf(typ);
}

/**
 * RFC 9068 §4, or the profile: typ must be at+jwt or application/at+jwt, or another type that the profile allows.
 * RFC 7515 §4.1.9: a media type, compared without case.
 */
export const checkType: Check = ({ header, policy }) =>
  policy.types.includes(typeOf(header)) ? undefined : 'wrong_typ';

/**
 * RFC 7519 §5.2: `cty: JWT` means that the payload is another token, which is not verified here. RFC 7515 §4.1.10: any other
 * value is for the application, and ignored.
 */
export const checkContentType: Check = ({ header: { cty = '' } }) =>
  mediaTypeOf(cty) === 'jwt' ? 'wrong_typ' : undefined;

/** RFC 9068 §4, RFC 8725 §3.1: only the configured algorithms. */
export const checkAlgorithm: Check = ({ header, policy }) =>
  policy.algorithms.includes(header.alg) ? undefined : 'alg_not_allowed';

/** RFC 7519 §4.1.4: on or after `exp` the token must not be accepted. */
export const checkExpiry: TimeCheck = ({ claims: { exp }, policy, nowMs }) => {
  if (exp === undefined) return 'missing_claim';
  if (!isNumericDate(exp)) return 'invalid_claim';
  return nowMs >= exp * 1000 + boundedToleranceMs(policy.clockToleranceMs) ? 'expired' : undefined;
};

/** RFC 7519 §4.1.5. */
export const checkNotBefore: TimeCheck = ({ claims: { nbf }, policy, nowMs }) => {
  if (isAbsent(nbf)) return undefined;
  if (!isNumericDate(nbf)) return 'invalid_claim';
  return isBefore(nbf, policy.clockToleranceMs, nowMs) ? 'not_yet_valid' : undefined;
};

function isBefore(nbf: number, clockToleranceMs: number, nowMs: number): boolean {
  return nowMs + clockToleranceMs < nbf * 1000;
}

/** RFC 9068 §2.2: `iat` is required. Stricter than RFC 7519: a cutoff would not cover a token from the future. */
export const checkIssuedAt: Check = ({ claims: { iat }, policy, nowMs, logSkewMs }) => {
  if (iat === undefined) return 'missing_claim';
  if (!isNumericDate(iat)) return 'invalid_claim';
  return isBefore(iat, iatToleranceOf({ policy, logSkewMs }), nowMs) ? 'not_yet_valid' : undefined;
};

/** Not in an RFC: the denylist removes a rule when all tokens that it covers have expired, so lifetimes are bounded. */
export const checkLifetime: Check = ({ claims: { exp, iat }, policy }) => {
  if (!isNumericDate(exp) || !isNumericDate(iat)) return 'invalid_claim';
  return (exp - iat) * 1000 > policy.maxTokenLifetimeMs ? 'too_long_lived' : undefined;
};

/** The bound of the option `maxTokenAgeMs`, independent of `exp`. */
export const checkAge: TimeCheck = ({ claims: { iat }, policy, nowMs }) => {
  if (policy.maxTokenAgeMs === undefined) return undefined;
  if (!isNumericDate(iat)) return 'invalid_claim';
  return nowMs - iat * 1000 > policy.maxTokenAgeMs + policy.clockToleranceMs ? 'too_old' : undefined;
};

/** The wall-clock milliseconds from which {@link checkExpiry} or {@link checkAge} fails: a token below them can fail neither. */
export function endOfUse({ claims: { exp, iat }, policy }: Omit<TokenUnderTest, 'header' | 'nowMs'>): number {
  const { clockToleranceMs, maxTokenAgeMs } = policy;
  const expiresAtMs = Number(exp) * 1000 + boundedToleranceMs(clockToleranceMs);
  if (maxTokenAgeMs === undefined) return expiresAtMs;
  return Math.min(expiresAtMs, Number(iat) * 1000 + maxTokenAgeMs + clockToleranceMs);
}

/** RFC 9068 §4, RFC 7519 §4.1.3: one of the audiences must be this API. */
export const checkAudience: Check = ({ claims, policy: { audience, audienceClaims } }) => {
  if (audience === null) return undefined;
  // In loops, because closures and lists cost more than the comparisons.
  let fault: RejectionReason | undefined = 'missing_claim';
  for (const claimName of audienceClaims) {
    const claim = claims[claimName];
    if (isAbsent(claim)) continue;
    if (fault === 'missing_claim') fault = 'wrong_audience';
    for (const name of Array.isArray(claim) ? claim : [claim]) {
      if (typeof name !== 'string') return 'invalid_claim';
      if (audience.includes(name)) fault = undefined;
    }
  }
  return fault;
};

/** RFC 9068 §2.2, or the profile: the required claims. */
export const checkRequiredClaims: Check = ({ claims, policy }) => {
  for (const name of policy.requiredClaims) {
    const value = mappedClaim(claims, name);
    if (value === undefined) return 'missing_claim';
    // RFC 7519 §4.1.3: `aud` may be a list. checkAudience reads it.
    if (name !== 'aud' && !isName(value)) return 'invalid_claim';
  }
  return undefined;
};

/** Claims that only other tokens have: an ID token (OpenID Connect Core §3.1.3.6), a logout token. */
const otherTokensClaims = ['at_hash', 'c_hash', 's_hash', 'events'];

/** RFC 8725 §3.12: different kinds of tokens must be told apart, also where `typ` is the same. */
export const checkKind: Check = (token) => {
  const { claims, policy } = token;
  if (otherTokensClaims.some((name) => !isAbsent(claims[name]))) return 'wrong_typ';
  const { fixedClaims } = policy;
  for (const name in fixedClaims) {
    const claim = claims[name];
    if (isAbsent(claim)) return 'missing_claim';
    if (!fixedClaims[name]!.some((value) => claim === value)) return 'wrong_typ';
  }
  return policy.idTokensLookAlike && mayBeIdToken(token) ? 'wrong_typ' : undefined;
};

/** What OpenID Connect Core §2 and §5.1 put into an ID token: who signed in, when and how. */
const signInClaims = ['auth_time', 'acr', 'amr', 'name', 'preferred_username', 'email', 'picture'];

/**
 * OpenID Connect Core §2: an ID token has the client as its audience, and need not have any claim that an access token lacks.
 * So an access token must show that it is one: by its `typ`, a scope, or a client that is not its audience. Some issuers name
 * no client. Their tokens are accepted if they say nothing of a sign-in; an ID token that says nothing either cannot be
 * distinguished from them.
 */
function mayBeIdToken({ header, claims, policy }: TokenUnderTest): boolean {
  if (typeOf(header) === 'at+jwt') return false;
  if (!isAbsent(claims['nonce'])) return true;
  if (policy.scopeClaims.some((name) => !isAbsent(claims[name]))) return false;
  const client = mappedClaim(claims, policy.claimMap.client);
  if (isAbsent(client)) return !policy.mayNameNoClient || signInClaims.some((name) => !isAbsent(claims[name]));
  return policy.audienceClaims.flatMap((name) => claims[name]).includes(client);
}

/**
 * Each claim that a revocation can name must be a string of 1–4096 characters if present, and the subject must be present:
 * with any other claim, no revocation could name its value.
 */
export const checkRevocableClaims: Check = ({ claims, policy: { claimMap } }) => {
  const subject = mappedClaim(claims, claimMap.subject);
  if (isAbsent(subject)) return subject === undefined ? 'missing_claim' : 'invalid_claim';
  for (const role of mappedRoles) {
    const value = mappedClaim(claims, claimMap[role]);
    if (!isAbsent(value) && !(isName(value) && value.length <= maxValueLength)) return 'invalid_claim';
  }
  return undefined;
};

/** RFC 8693 §4.2, RFC 9068 §2.2.3. */
export const checkScope: Check = ({ claims, policy }) =>
  readScopes(claims, policy.scopeClaims) === undefined ? 'invalid_claim' : undefined;
