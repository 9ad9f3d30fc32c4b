import type { Reason } from '../../src/errors.ts';
import type { ProofRecipe, Recipe } from '../forge.ts';

/** The verifier that a row is sent to; created in verification-bench.ts. */
export type BenchName =
  | 'plain'
  | 'two issuers'
  | 'one hour at most'
  | 'any audience'
  | 'ES256 only'
  | 'generic'
  | 'keycloak'
  | 'auth0'
  | 'okta'
  | 'entra'
  | 'cognito'
  | 'remote keys'
  | 'keys out of reach'
  | 'remote keys, budget spent'
  | 'tenants, budget spent'
  | 'slow checks busy'
  | 'seen before'
  | 'revoked meanwhile'
  | 'key removed'
  | 'tenant removed'
  | 'stale'
  | 'stale, accepting'
  | 'proofs'
  | 'proofs with nonces'
  | 'proofs only'
  | 'proofs, memory full'
  | 'proofs, store out of reach'
  | 'certificates from a proxy'
  | 'certificates from another proxy'
  | 'log restarted'
  | 'broken';

export type GuardName = 'scope' | 'any scope' | 'claims' | 'acr' | 'recent';

/** One request: what is sent, and the reason of the refusal (`none`: accepted). */
export interface Row {
  readonly sends: string;
  readonly reason: Reason | 'none';
  readonly bench?: BenchName;
  readonly token?: Recipe;
  /** `{token}` is replaced by the token; a list: several fields; null: no field. Default `Bearer {token}`. */
  readonly authorization?: string | readonly string[] | null;
  /** Other header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** A DPoP proof for this request, in a field of its own; also replaces `{proof}` in `headers`. */
  readonly proof?: ProofRecipe;
  /** The second in which the same token was sent before, twice. */
  readonly firstSentAt?: number;
  /** How it was sent before, where that is different. */
  readonly firstSentAs?: Pick<Row, 'authorization' | 'headers'>;
  /** Only over HTTP. */
  readonly guard?: GuardName;
}
