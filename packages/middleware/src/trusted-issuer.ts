import type { KeySource } from './jwks/key-source.ts';
import type { ClaimPolicy } from './token/claims.ts';

/** An issuer that is trusted, with its own keys and rules: a key of one issuer never verifies a token of another. */
export interface TrustedIssuer {
  readonly issuer: string;
  /** Label in metrics and status. */
  readonly alias: string;
  readonly policy: ClaimPolicy;
  readonly keys: KeySource;
}
