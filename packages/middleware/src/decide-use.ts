import type { PresentedToken } from './binding/possession.ts';
import { type Decision, rejected, unavailable, type WhenUnknown } from './decision.ts';
import type { VerifiedToken } from './token/verified-token.ts';
import type { Verification } from './verifier/verification.ts';

/** A token as a request presents it. */
export interface Presented extends PresentedToken {
  readonly whenUnknown: WhenUnknown;
}

/**
 * Decides whether a request may use a verified token: whether the client holds the key that it is bound to, and whether
 * it is revoked. Applies to every request. Revocation comes last: a client without the key learns nothing of it.
 */
export function decideUse(
  token: VerifiedToken,
  presented: Presented,
  verification: Verification,
): Decision | Promise<Decision> {
  // RFC 8705 §3, RFC 9449 §7.1: the scheme and the client certificate are those that the token is bound to.
  if (!verification.possession.matches(presented, token.confirmation)) {
    return rejected('binding_mismatch', token.issuer, true);
  }
  if (presented.scheme === 'dpop') return decideProof(token, presented, verification);
  return decideRevocation(token, presented, verification);
}

async function decideProof(token: VerifiedToken, presented: Presented, verification: Verification): Promise<Decision> {
  // RFC 9449 §4.3
  const proof = await verification.possession.checkProof(presented, token.confirmation);
  if (proof.outcome === 'rejected') return rejected(proof.reason, token.issuer, true);
  if (proof.outcome === 'unavailable') return unavailable(proof.reason, token.issuer, true);
  const decision = await decideRevocation(token, presented, verification);
  // RFC 9449 §8.2
  return decision.outcome === 'accepted' ? { ...decision, dpop: { nonce: proof.nonce } } : decision;
}

function decideRevocation(
  token: VerifiedToken,
  { whenUnknown }: Presented,
  { revocation }: Verification,
): Decision | Promise<Decision> {
  return revocation === undefined ? token.accepted : revocation.decide(token, whenUnknown);
}
