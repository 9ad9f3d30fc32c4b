import type { DigestSet } from '@revocast/denylist/replica';
import type { Confirmation } from '../binding/confirmation.ts';
import type { Accepted } from '../decision.ts';
import type { TrustedIssuer } from '../trusted-issuer.ts';

/** A token whose signature and claims were found good: all that later requests with it need. */
export interface VerifiedToken {
  readonly issuer: TrustedIssuer;
  /** RFC 7638 thumbprint of the key that verified it. */
  readonly keyThumbprint: string;
  readonly digests: DigestSet;
  /** Claim seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly notBefore: number | undefined;
  /** The key or certificate that must be shown with it, each time. */
  readonly confirmation: Confirmation | 'unsupported' | undefined;
  /** The answers for this token while nothing denies it, made once. */
  readonly accepted: Accepted;
  readonly acceptedFromCache: Accepted;
}
