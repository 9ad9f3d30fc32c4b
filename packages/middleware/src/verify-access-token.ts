import { noteAcceptance } from './accept-again.ts';
import { decideUse, type Presented } from './decide-use.ts';
import { type Decision, internalError, rejected, unavailable, type WhenUnknown } from './decision.ts';
import { ConfigurationError } from './errors.ts';
import type { IssuerLookup } from './issuers/issuer-directory.ts';
import { type AnyRequest, readBearer } from './token/bearer.ts';
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
  firstFault,
  type TimeCheck,
} from './token/claims.ts';
import { type CompactToken, parseCompact } from './token/compact.ts';
import { Verified } from './token/token-cache.ts';
import { describeToken, type VerifiedToken } from './token/verified-token.ts';
import type { Verification } from './verifier/verification.ts';

/**
 * Checks that need no key. They come first, so that a token that fails them causes no fetch of keys and no cryptography.
 * They prove nothing: a forged token may pass all of them.
 */
export const checksBeforeSignature: readonly Check[] = [
  checkType, //            RFC 9068 §4, or the profile: typ is at+jwt, or one that the profile allows
  checkContentType, //     RFC 7519 §5.2: the payload is not another token
  checkAlgorithm, //       RFC 9068 §4, RFC 8725 §3.1: one of the configured algorithms, never none
  checkExpiry, //          RFC 9068 §4, RFC 7519 §4.1.4: before exp
];

/** Checks of claims that the issuer has signed. */
export const checksAfterSignature: readonly Check[] = [
  checkKind, //            RFC 8725 §3.12: an access token, not an ID or logout token of the same issuer
  checkRequiredClaims, //  RFC 9068 §2.2, or the profile: the required claims are present
  checkAudience, //        RFC 9068 §4: aud names this API
  checkNotBefore, //       RFC 7519 §4.1.5: not before nbf
  checkIssuedAt, //        RFC 9068 §2.2: iat is present and not in the future
  checkLifetime, //        docs/verification.md: exp - iat is not longer than rules are kept
  checkAge, //             the option maxTokenAgeMs
  checkRevocableClaims, // docs/verification.md: every claim that a revocation can name is readable
  checkScope, //           RFC 9068 §2.2.3: scope is readable
];

/** The checks whose result changes with time: repeated on every use of a verified token. */
export const checksOnEachUse: readonly TimeCheck[] = [
  checkExpiry, //          RFC 7519 §4.1.4
  checkNotBefore, //       RFC 7519 §4.1.5: the clock may have been set back
  checkAge, //             the option maxTokenAgeMs
];

/**
 * Decides whether a request has an access token that is to be accepted: the checks of RFC 9068 §4, then possession, then
 * revocation.
 *
 * @returns synchronously for a token that the token cache holds, unless a DPoP proof or a look-up has to be awaited. Never
 * throws, and its promise never rejects: an unexpected failure is `unavailable`, and not the fault of the token.
 */
export function verifyAccessToken(
  request: AnyRequest,
  verification: Verification,
  whenUnknown: WhenUnknown,
): Decision | Promise<Decision> {
  try {
    // RFC 6750 §2.1: one token, in the Authorization field and nowhere else.
    const credentials = readBearer(request, verification.maxTokenBytes);
    if (credentials.kind === 'none') return rejected('missing_token');
    if (credentials.kind === 'refused') return rejected(credentials.reason);
    // RFC 9449 §7: only the schemes that the options accept.
    const { scheme, token } = credentials;
    if (!verification.possession.accepts(scheme)) return rejected('unsupported_scheme');
    const presented = { request, scheme, token, whenUnknown };
    // The cache key depends on every byte of the token, signature included. It is not used without a cache.
    const cacheKey = verification.tokenCache?.keyOf(token) ?? '';
    const known = findKnownToken(presented, cacheKey, verification);
    const decision =
      known === undefined
        ? verifyNewToken(presented, cacheKey, verification)
        : verifyKnownToken(known, presented, verification);
    return scheme === 'bearer' && !(decision instanceof Promise) ? decision : settle(decision, scheme);
  } catch (error) {
    return internalError(wrongCall(request) ?? error);
  } finally {
    verification.tokenCache?.forgetMissed();
  }
}

/** An argument without `headers` is a fault of the application. */
function wrongCall(request: unknown): ConfigurationError | undefined {
  if (typeof request === 'object' && request !== null && 'headers' in request) return undefined;
  return new ConfigurationError('verify', 'expected a request, or an object with `headers`');
}

/** A token that was used once is described again, by the same text: what its signature and claims have shown still holds. */
function findKnownToken({ token }: Presented, cacheKey: string, verification: Verification): VerifiedToken | undefined {
  const { tokenCache, maxTokenBytes } = verification;
  const known = tokenCache?.find(cacheKey);
  if (!(known instanceof Verified)) return known;
  const parsed = parseCompact(token, maxTokenBytes);
  if (!parsed.ok) return undefined;
  const described = describe(parsed, known, verification);
  described.used = true;
  tokenCache?.remember(cacheKey, described);
  return described;
}

function describe(
  { payload: claims, signingInput }: CompactToken,
  { issuer, key }: Verified,
  { revocation, telemetry }: Verification,
): VerifiedToken {
  const revocable = { issuer: issuer.issuer, claims, signingInput, key };
  const described = describeToken(revocable, issuer, revocation === undefined ? 'unknown' : 'active');
  telemetry.tokenDescribed?.(described.accepted.auth, described.digests);
  return described;
}

function verifyKnownToken(
  known: VerifiedToken,
  presented: Presented,
  verification: Verification,
): Decision | Promise<Decision> {
  const { issuer, accepted } = known;
  const token = { claims: accepted.auth.claims, policy: issuer.policy, nowMs: verification.now() };
  const fault = firstFault(checksOnEachUse, token);
  if (fault !== undefined) return rejected(fault, issuer, true);
  const decision = decideUse(known, presented, verification);
  if (decision === accepted) noteAcceptance(known, verification, token.nowMs);
  return decision;
}

async function verifyNewToken(presented: Presented, cacheKey: string, verification: Verification): Promise<Decision> {
  // RFC 7515 §7.1, RFC 8725 §3: each token has one accepted spelling.
  const parsed = parseCompact(presented.token, verification.maxTokenBytes);
  if (!parsed.ok) return rejected(parsed.reason);
  const { header, payload: claims } = parsed;
  if (claims['iss'] === undefined) return rejected('missing_claim');
  if (typeof claims['iss'] !== 'string' || claims['iss'] === '') return rejected('invalid_claim');
  // RFC 9068 §4: iss is exactly a trusted issuer. The policy of that issuer applies from here on.
  const findingIssuer = verification.issuers.find(claims['iss']);
  const issuerLookup: IssuerLookup = findingIssuer instanceof Promise ? await findingIssuer : findingIssuer;
  if (issuerLookup.outcome === 'rejected') return rejected(issuerLookup.reason);
  if (issuerLookup.outcome === 'unavailable') return { ...issuerLookup, cached: false };
  const { issuer } = issuerLookup;
  const logSkewMs = verification.logSkewMs();
  const token = { header, claims, policy: issuer.policy, nowMs: verification.now(), logSkewMs };
  const fault = firstFault(checksBeforeSignature, token);
  if (fault !== undefined) return rejected(fault, issuer);

  // RFC 9068 §4: a key of this issuer, never one from the token.
  const findingKey = issuer.keys.findKey({ kid: header.kid, alg: header.alg });
  const keyLookup = findingKey instanceof Promise ? await findingKey : findingKey;
  if (keyLookup.outcome === 'rejected') return rejected(keyLookup.reason, issuer);
  if (keyLookup.outcome === 'unavailable') {
    return { ...unavailable(keyLookup.reason, issuer), retryAfterMs: keyLookup.retryAfterMs };
  }
  const { key } = keyLookup;
  // RFC 9068 §4, RFC 7515 §5.2: the signature is valid.
  const checking = verification.verifySignature(parsed, header.alg, key);
  const isGenuine = checking instanceof Promise ? await checking : checking;
  // Many slow signatures at once: this one was not checked.
  if (isGenuine === 'throttled') return unavailable('signature_throttled', issuer);
  if (isGenuine !== true) return rejected('bad_signature', issuer);
  // A token of this issuer is genuine: an issuer that the hook returned is no longer a candidate, and counts as used
  // (issuer-resolver.ts).
  issuer.proved?.();
  const claimFault = firstFault(checksAfterSignature, token);
  if (claimFault !== undefined) return rejected(claimFault, issuer);

  const verified = describe(parsed, { issuer, key }, verification);
  verification.tokenCache?.noteVerified(cacheKey, issuer, key);
  const deciding = decideUse(verified, presented, verification);
  const decision: Decision = deciding instanceof Promise ? await deciding : deciding;
  // Decisions of decideUse are marked as cached. This token was verified just now.
  return { ...decision, cached: false };
}

/** Waits for a decision. Marks one about a request with the scheme `DPoP`, because the answer to it is different. */
async function settle(pending: Decision | Promise<Decision>, scheme: Presented['scheme']): Promise<Decision> {
  try {
    const decision = await pending;
    return scheme === 'dpop' ? { dpop: {}, ...decision } : decision;
  } catch (error) {
    return internalError(error);
  }
}
