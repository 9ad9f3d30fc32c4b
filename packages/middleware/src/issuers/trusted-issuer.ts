import type { KeySource } from '../jwks/key-source.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { ResolvedIssuer } from '../options/resolve-issuers.ts';
import type { ClaimPolicy } from '../token/claims.ts';

/** An issuer that is trusted, with its own keys and rules: a key of one issuer never verifies a token of another. */
export interface TrustedIssuer {
  readonly issuer: string;
  /** Label in metrics and status. */
  readonly alias: string;
  readonly policy: ClaimPolicy;
  readonly keys: KeySource;
}

/** What the claims of an issuer's tokens must satisfy: its profile, and what holds for all issuers of a verifier. */
export function policyOf(issuer: ResolvedIssuer, options: ResolvedOptions): ClaimPolicy {
  const { algorithms, profile, claimMap } = issuer;
  const { audience, clockToleranceMs, maxTokenAgeMs, maxTokenLifetimeMs } = options;
  return { ...profile, algorithms, claimMap, audience, clockToleranceMs, maxTokenAgeMs, maxTokenLifetimeMs };
}
