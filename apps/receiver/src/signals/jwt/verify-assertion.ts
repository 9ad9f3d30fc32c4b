import { isName } from '@revocast/denylist/replica';
import { type Refused, refuse, type VerifyingContext } from '../reading.ts';
import type { Unverified } from '../signal.ts';
import { isNumericDate, mostAheadSeconds, ownAudiences } from './claims.ts';
import { verifySigned } from './verify-signed.ts';

/** Okta writes the first. The others would be those of any JWT of the issuer, so the audience must be this endpoint's own. */
const types = ['global-token-revocation+jwt', 'jwt', ''];
/** RFC 7523 §3 (4): a lifetime that is unreasonably long may be refused. */
const mostLifetimeSeconds = 3600;

/**
 * Verifies the JWT by which an identity provider authenticates a Global Token Revocation request (RFC 7523 §3). Answer 401 for
 * every refusal.
 *
 * @param assertion bytes of the bearer token.
 */
export async function verifyAssertion(
  assertion: Uint8Array,
  context: VerifyingContext,
): Promise<{ readonly outcome: 'authenticated' } | Refused | Unverified> {
  const verified = await verifySigned(assertion, { types }, context);
  if (verified.outcome !== 'verified') return verified;
  const { claims } = verified;
  const { sub, exp, nbf, iat, nonce, events } = claims;
  const { source, nowMs } = context;
  // RFC 7523 §3 (3)
  if (ownAudiences(claims, source).length === 0) return refuse('wrong_audience');
  // RFC 7523 §3 (2), (4): both are required.
  if (!isName(sub) || !isNumericDate(exp)) return refuse('bad_claims');
  if (nonce !== undefined) return refuse('has_nonce');
  // A logout token or a SET of the same issuer is no credential.
  if (events !== undefined) return refuse('bad_claims');
  const nowSeconds = nowMs / 1000;
  if (exp + mostAheadSeconds < nowSeconds) return refuse('expired');
  if (exp > nowSeconds + mostLifetimeSeconds + mostAheadSeconds) return refuse('bad_claims');
  // RFC 7523 §3 (5), (6)
  for (const notBefore of [nbf, iat]) {
    if (notBefore === undefined) continue;
    if (!isNumericDate(notBefore)) return refuse('bad_claims');
    if (notBefore > nowSeconds + mostAheadSeconds) return refuse('in_future');
  }
  return { outcome: 'authenticated' };
}
