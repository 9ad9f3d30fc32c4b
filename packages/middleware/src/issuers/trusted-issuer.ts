import type { KeySource } from '../jwks/key-source.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { ResolvedIssuer } from '../options/resolve-issuers.ts';
import { boundedToleranceMs, type ClaimPolicy } from '../token/claims.ts';

/** A trusted issuer with its own keys and policy: a key of one issuer never verifies a token of another. */
export interface TrustedIssuer {
  readonly issuer: string;
  /** Label in metrics and status. */
  readonly alias: string;
  readonly policy: ClaimPolicy;
  readonly keys: KeySource;
  /** False when it is no longer trusted, or is described differently now. Absent: always trusted. */
  readonly isTrusted?: () => boolean;
  /** Called when a token of it had a valid signature: only then may it take the place of another issuer. */
  readonly proved?: () => void;
}

/** The requirements on the claims of an issuer's tokens: those of its profile, and those of the verifier. */
export function policyOf(issuer: ResolvedIssuer, options: ResolvedOptions): ClaimPolicy {
  const { algorithms, profile, claimMap } = issuer;
  const { audience, clockToleranceMs, revocation, maxTokenAgeMs, maxTokenLifetimeMs } = options;
  // Without revocation there is no cutoff that a token from the future could escape.
  const { iatToleranceMs = revocation === null ? boundedToleranceMs(clockToleranceMs) : undefined } = options;
  const times = { clockToleranceMs, iatToleranceMs, maxTokenAgeMs, maxTokenLifetimeMs };
  return { ...profile, algorithms, claimMap, audience, ...times };
}
