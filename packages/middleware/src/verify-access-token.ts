import type { Verdict } from '@revocast/denylist/replica';
import { andThen } from './and-then.ts';
import type { Possession, Proven } from './binding/possession.ts';
import type { Accepted, Auth, Decision, WhenUnknown } from './decision.ts';
import type { RejectionReason, UnavailableReason } from './errors.ts';
import type { IssuerDirectory, IssuerLookup } from './issuers/issuer-directory.ts';
import type { TrustedIssuer } from './issuers/trusted-issuer.ts';
import type { KeyLookup } from './jwks/key-source.ts';
import type { VerificationKey } from './jwks/verification-key.ts';
import type { OnLogReset } from './options/revocation-options.ts';
import { type RequestWithHeaders, readBearer } from './token/bearer.ts';
import {
  type Check,
  checkAge,
  checkAlgorithm,
  checkAudience,
  checkContentType,
  checkExpiry,
  checkIssuedAt,
  checkKind,
  checkLifetime,
  checkNotBefore,
  checkRequiredClaims,
  checkRevocableClaims,
  checkScope,
  checkType,
  isBefore,
  isExpired,
  isTooOld,
  type TokenUnderTest,
} from './token/claims.ts';
import { type CompactToken, parseCompact } from './token/compact.ts';
import type { VerifySignature } from './token/signature.ts';
import { cacheKeyOf, type TokenCache } from './token/token-cache.ts';
import { describeToken, type VerifiedToken } from './token/verified-token.ts';

/** All that verification needs; made by `createVerifier`. */
export interface Verification {
  readonly issuers: IssuerDirectory;
  readonly tokenCache: TokenCache | undefined;
  /** Undefined when revocation is switched off. */
  readonly revocation:
    | { check(digests: VerifiedToken['digests'], issuedAt: number): Verdict | Promise<Verdict> }
    | undefined;
  /** Whether a token may be refused because it was issued before the log began empty. */
  readonly onLogReset: OnLogReset;
  /** Whether who shows a token holds the key that it is bound to. */
  readonly possession: Pick<Possession, 'takes' | 'check'>;
  readonly verifySignature: VerifySignature;
  /** Wall-clock milliseconds: what claims are compared with. */
  readonly now: () => number;
  /** Told of each accepted token, to find exposed requests later. */
  readonly onAccepted?: (token: VerifiedToken, revocation: Auth['revocation']) => void;
}

/**
 * What costs nothing and needs no key comes first, so that a token that could never be accepted causes no fetch and no
 * cryptography. Nothing here is believed yet: a forged token may pass all of it.
 */
export const checksBeforeSignature: readonly Check[] = [
  checkType, //            RFC 9068 §4: typ is at+jwt
  checkContentType, //     RFC 7519 §5.2: not a token inside a token
  checkAlgorithm, //       RFC 9068 §4, RFC 8725 §3.1: an algorithm that was chosen, never none
  checkExpiry, //          RFC 9068 §4, RFC 7519 §4.1.4: before exp
];

/** From here on the claims are the issuer's word. */
export const checksAfterSignature: readonly Check[] = [
  checkKind, //            RFC 8725 §3.12: an access token, not its issuer's ID or logout token
  checkRequiredClaims, //  RFC 9068 §2.2: what must be there
  checkAudience, //        RFC 9068 §4: meant for us
  checkNotBefore, //       RFC 7519 §4.1.5
  checkIssuedAt, //        RFC 9068 §2.2: iat, not in the future
  checkLifetime, //        docs/guarantees.md: no longer-lived than the denylist remembers
  checkAge, //             maxTokenAgeMs
  checkRevocableClaims, // docs/guarantees.md: what a revocation can name must be readable
  checkScope, //           RFC 9068 §2.2.3
];

/**
 * Decides whether a request carries an access token that is to be accepted. RFC 9068 §4, in order, and then whether it
 * has been revoked.
 *
 * @returns synchronously when the token is known and the denylist is fresh. Never throws, never rejects: a failure that
 * nobody foresaw is `unavailable`, and never the token's fault.
 */
export function verifyAccessToken(
  request: RequestWithHeaders,
  verification: Verification,
  whenUnknown: WhenUnknown,
): Decision | Promise<Decision> {
  try {
    const decision = decide(request, verification, whenUnknown);
    return decision instanceof Promise ? decision.catch(internalError) : decision;
  } catch (error) {
    return internalError(error);
  }
}

function decide(
  request: RequestWithHeaders,
  verification: Verification,
  whenUnknown: WhenUnknown,
): Decision | Promise<Decision> {
  // RFC 6750 §2.1: one token, in the Authorization field and nowhere else.
  const credentials = readBearer(request);
  if (credentials.kind === 'none') return rejected('missing_token');
  if (credentials.kind === 'refused') return rejected(credentials.reason);
  const { token, scheme } = credentials;
  // RFC 9449 §7: the schemes that were chosen.
  if (!verification.possession.takes(scheme)) return rejected('unsupported_scheme');
  const shown: Shown = { request, scheme, token, verification, whenUnknown };
  if (scheme === 'bearer') return decideToken(shown);
  return Promise.resolve(decideToken(shown)).then((decision) => ({ dpop: {}, ...decision }));
}

/** One token, and how it was shown. */
interface Shown {
  readonly request: RequestWithHeaders;
  readonly scheme: 'bearer' | 'dpop';
  readonly token: string;
  readonly verification: Verification;
  readonly whenUnknown: WhenUnknown;
}

function decideToken(shown: Shown): Decision | Promise<Decision> {
  const { token, verification } = shown;
  const cacheKey = verification.tokenCache === undefined ? '' : cacheKeyOf(token);
  // The same bytes, signature included, have passed everything below before; what time changes is checked again.
  const known = verification.tokenCache?.find(cacheKey);
  if (known !== undefined) {
    return checkKnownTimes(known, verification) ?? decidePossession(shown, known, known.acceptedFromCache);
  }

  // RFC 7515 §7.1, RFC 8725 §3: one spelling, nothing ambiguous.
  const parsed = parseCompact(token);
  if (!parsed.ok) return rejected(parsed.reason);
  const { iss } = parsed.payload;
  if (iss === undefined) return rejected('missing_claim');
  if (typeof iss !== 'string' || iss === '') return rejected('invalid_claim');
  // RFC 9068 §4: iss is exactly an issuer that was chosen; its rules apply from here on.
  const lookup = verification.issuers.find(iss);
  const unverified = { shown, cacheKey, parsed };
  return andThen(lookup, (settled) => verifyByIssuer(settled, unverified));
}

interface UnverifiedToken {
  readonly shown: Shown;
  readonly cacheKey: string;
  readonly parsed: CompactToken;
}

function verifyByIssuer(lookup: IssuerLookup, unverified: UnverifiedToken): Decision | Promise<Decision> {
  if (lookup.outcome === 'rejected') return rejected(lookup.reason);
  if (lookup.outcome === 'unavailable') return { ...lookup, cached: false };
  const { issuer } = lookup;
  const { parsed, shown } = unverified;
  const underTest: TokenUnderTest = {
    header: parsed.header,
    claims: parsed.payload,
    policy: issuer.policy,
    nowMs: shown.verification.now(),
  };
  const fault = firstFault(checksBeforeSignature, underTest);
  if (fault !== undefined) return rejected(fault, issuer);
  return verifyAnew({ ...unverified, issuer, underTest });
}

interface NewToken extends UnverifiedToken {
  readonly issuer: TrustedIssuer;
  readonly underTest: TokenUnderTest;
}

function verifyAnew(unverified: NewToken): Decision | Promise<Decision> {
  const { issuer, parsed } = unverified;
  // RFC 9068 §4: the keys of this issuer, and no key that the token brings along.
  const { alg, kid } = parsed.header;
  return andThen(issuer.keys.findKey({ kid, alg }), (lookup) => verifyWithKey(lookup, unverified));
}

function verifyWithKey(lookup: KeyLookup, unverified: NewToken): Decision | Promise<Decision> {
  const { shown, issuer, parsed } = unverified;
  if (lookup.outcome === 'unavailable') return unavailable(lookup.reason, issuer);
  if (lookup.outcome === 'rejected') return rejected(lookup.reason, issuer);
  // RFC 9068 §4, RFC 7515 §5.2.
  const genuine = shown.verification.verifySignature(parsed, parsed.header.alg, lookup.key);
  return andThen(genuine, (isGenuine) =>
    isGenuine ? acceptClaims(lookup.key, unverified) : rejected('bad_signature', issuer),
  );
}

function acceptClaims(key: VerificationKey, unverified: NewToken): Decision | Promise<Decision> {
  const { shown, cacheKey, parsed, issuer, underTest } = unverified;
  const { verification } = shown;
  const fault = firstFault(checksAfterSignature, underTest);
  if (fault !== undefined) return rejected(fault, issuer);
  const { payload: claims, signingInput } = parsed;
  const revocable = { issuer: issuer.issuer, claims, signingInput, key };
  // With revocation switched off nobody can tell, and the route may know it.
  const verified = describeToken(revocable, issuer, verification.revocation === undefined ? 'unknown' : 'active');
  verification.tokenCache?.remember(cacheKey, verified);
  return decidePossession(shown, verified, verified.accepted);
}

/** RFC 8705 §3, RFC 9449 §7: whoever shows a bound token proves, on every request, that the key is theirs. */
function decidePossession(shown: Shown, token: VerifiedToken, accepted: Accepted): Decision | Promise<Decision> {
  const { scheme, verification, whenUnknown } = shown;
  const question = { token, accepted, verification, whenUnknown };
  // Most tokens: nothing to prove, and nothing to wait for.
  if (scheme === 'bearer' && token.confirmation === undefined) return decideRevocation(question);
  const proven = verification.possession.check({ ...shown, confirmation: token.confirmation });
  return andThen(proven, (settled) => decideProven(settled, question));
}

function decideProven(proven: Proven, question: RevocationQuestion): Decision | Promise<Decision> {
  const { token, accepted } = question;
  if (proven.outcome === 'rejected') return rejected(proven.reason, token.issuer, accepted.cached);
  if (proven.outcome === 'unavailable') return unavailable(proven.reason, token.issuer, accepted.cached);
  if (proven.nonce === undefined) return decideRevocation(question);
  return decideRevocation({ ...question, accepted: { ...accepted, dpop: { nonce: proven.nonce } } });
}

function firstFault(checks: readonly Check[], token: TokenUnderTest): RejectionReason | undefined {
  for (const check of checks) {
    const fault = check(token);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** exp, nbf and age of a token that was verified before: the only things about it that time changes. */
function checkKnownTimes(token: VerifiedToken, { now }: Verification): Decision | undefined {
  const { issuer, expiresAt, notBefore, issuedAt } = token;
  const { clockToleranceMs, maxTokenAgeMs } = issuer.policy;
  const nowMs = now();
  if (isExpired(expiresAt, clockToleranceMs, nowMs)) return rejected('expired', issuer, true);
  if (notBefore !== undefined && isBefore(notBefore, clockToleranceMs, nowMs)) {
    return rejected('not_yet_valid', issuer, true);
  }
  if (maxTokenAgeMs !== undefined && isTooOld(issuedAt, maxTokenAgeMs + clockToleranceMs, nowMs)) {
    return rejected('too_old', issuer, true);
  }
  return undefined;
}

interface RevocationQuestion {
  readonly token: VerifiedToken;
  readonly accepted: Accepted;
  readonly verification: Verification;
  readonly whenUnknown: WhenUnknown;
}

/**
 * On every request, known token or not. RFC 6750 §3.1: a revoked token is an invalid token. After signature and proof: a
 * forged jti must learn nothing.
 */
function decideRevocation(question: RevocationQuestion): Decision | Promise<Decision> {
  const { token, verification } = question;
  if (verification.revocation === undefined) return question.accepted;
  const verdict = verification.revocation.check(token.digests, token.issuedAt);
  return andThen(verdict, (settled) => applyVerdict(settled, question));
}

/** Three outcomes, and no fourth: what nobody knows is neither good nor bad unless the operator has said so. */
function applyVerdict(verdict: Verdict, { token, accepted, verification, whenUnknown }: RevocationQuestion): Decision {
  switch (verdict.verdict) {
    case 'active':
      if (isForgotten(verdict.restartedAtSeconds, token, verification)) {
        return rejected('too_old', token.issuer, accepted.cached);
      }
      verification.onAccepted?.(token, 'active');
      return accepted;
    case 'revoked':
      return rejected(`revoked_${verdict.dimension}`, token.issuer, accepted.cached);
    case 'unknown':
      if (whenUnknown === 'unavailable') return unavailable('denylist_unavailable', token.issuer, accepted.cached);
      verification.onAccepted?.(token, 'unknown');
      return { ...accepted, auth: Object.freeze({ ...accepted.auth, revocation: 'unknown' }) };
  }
}

/** The log began empty after this token was issued: "not found" says nothing about it. Inclusive, as a cutoff is. */
function isForgotten(restartedAt: number | undefined, { issuedAt }: VerifiedToken, { onLogReset }: Verification) {
  return restartedAt !== undefined && onLogReset === 'reject-older' && issuedAt <= restartedAt;
}

function rejected(reason: RejectionReason, issuer?: TrustedIssuer, cached = false): Decision {
  return { outcome: 'rejected', reason, issuerAlias: issuer?.alias ?? 'unknown', cached };
}

function unavailable(reason: UnavailableReason, issuer: TrustedIssuer, cached = false): Decision {
  return { outcome: 'unavailable', reason, issuerAlias: issuer.alias, cached };
}

function internalError(cause: unknown): Decision {
  return { outcome: 'unavailable', reason: 'internal_error', issuerAlias: 'unknown', cached: false, cause };
}
