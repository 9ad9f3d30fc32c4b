import type { AnyRequest } from './token/bearer.ts';
import { singleFieldOf } from './token/fields.ts';
import type { VerifiedToken } from './token/verified-token.ts';
import type { Verification } from './verifier/verification.ts';

/**
 * Accepts a token again, without its checks, while each of them would have the same result as before: what a check reads is
 * unchanged, or is compared here with a clock that is read in this request. In every other case it returns undefined, and
 * `verifyAccessToken` decides.
 *
 * @param monotonicMs now.
 * @returns the token, if the request is accepted. Counts the hit of the token cache and the revocation check. Never throws.
 */
export function acceptAgain(
  request: AnyRequest,
  verification: Verification,
  monotonicMs: number,
): VerifiedToken | undefined {
  try {
    const { tokenCache } = verification;
    // RFC 6750 §2.1: one token, in one field.
    const token = tokenCache?.peek(singleFieldOf(request, 'authorization'));
    if (token === undefined || !isAcceptedAgain(token, verification, monotonicMs)) return undefined;
    tokenCache?.noteUse(token);
    return token;
  } catch {
    return undefined; // a request without readable fields: verifyAccessToken reports it
  }
}

/** The steps of `verifyKnownToken`, by what has changed since they accepted the token. */
function isAcceptedAgain(token: VerifiedToken, verification: Verification, monotonicMs: number): boolean {
  const { issuer } = token;
  const wallMs = verification.now();
  // RFC 8705 §3, RFC 9449 §7: a bound token needs a proof with each request.
  if (token.confirmation !== undefined) return false;
  // RFC 9068 §4: a key of this issuer, in the same key set as before.
  const keySet = issuer.keys.settledAt(monotonicMs);
  if (keySet === undefined || keySet !== token.trustedBy) return false;
  if (issuer.isTrusted?.() === false) return false;
  // RFC 7519 §4.1.4: before exp. Also the option maxTokenAgeMs.
  if (wallMs >= token.usableUntilMs) return false;
  // RFC 7519 §4.1.5: after the clock was set back, nbf counts again, and so do denials that had ended.
  if (wallMs < token.acceptedAtMs) return false;
  // Last, because it notes the acceptance.
  return verification.revocation?.acceptsAgain(token, monotonicMs, wallMs) ?? true;
}

/**
 * Notes what the acceptance of a token depends on. To be called when every step of `verifyKnownToken` has accepted it.
 *
 * @param wallMs the time that these steps used.
 */
export function noteAcceptance(token: VerifiedToken, { monotonicMs }: Verification, wallMs: number): void {
  token.trustedBy = token.issuer.keys.settledAt(monotonicMs());
  token.acceptedAtMs = wallMs;
}
