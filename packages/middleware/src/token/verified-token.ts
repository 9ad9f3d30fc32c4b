import { type DigestSet, processWide } from '@revocast/denylist/replica';
import { type Confirmation, readConfirmation } from '../binding/confirmation.ts';
import type { Accepted, AccessTokenClaims, Auth } from '../decision.ts';
import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import { mappedString, type RevocableToken, revocationDigests, tokenIdOf } from './dimensions.ts';
import { freezeDeeply } from './json.ts';
import { readScopes } from './scope.ts';

/** A token with a valid signature and valid claims: everything that later requests with it need. */
export interface VerifiedToken {
  readonly issuer: TrustedIssuer;
  /** The `identity` of the key that verified it. */
  readonly keyIdentity: string;
  readonly digests: DigestSet;
  /** Claim seconds. */
  readonly issuedAt: number;
  /** The key or certificate that each request with the token must prove. */
  readonly confirmation: Confirmation | 'unsupported' | undefined;
  /** The decision for each later request with this token while nothing denies it; made once. */
  readonly accepted: Accepted;
}

/** Keyed by the claims, which every copy of an `auth` shares. Not a member of it, so that routes receive no digests. */
const digestsByClaims = processWide(
  'middleware.digests-by-claims.1',
  () => new WeakMap<AccessTokenClaims, DigestSet>(),
);

/** The digests under which the token behind `auth` can be denied. */
export function digestsOf({ claims }: Auth): DigestSet | undefined {
  return digestsByClaims.get(claims);
}

/**
 * Creates the verified token, after all checks have passed. Freezes the claims.
 *
 * @param revocation the value of `req.auth.revocation` while the token is not revoked.
 */
export function describeToken(
  token: RevocableToken,
  issuer: TrustedIssuer,
  revocation: Auth['revocation'],
): VerifiedToken {
  const { claimMap, scopeClaims } = issuer.policy;
  const claims = freezeDeeply(token.claims);
  const issuedAt = Number(claims['iat']);
  const auth: Auth = Object.freeze({
    issuer: issuer.issuer,
    subject: mappedString(claims, claimMap.subject) ?? '',
    clientId: mappedString(claims, claimMap.client),
    tokenId: tokenIdOf(token, claimMap),
    scopes: Object.freeze(readScopes(claims, scopeClaims) ?? []),
    issuedAt,
    expiresAt: Number(claims['exp']),
    claims,
    revocation,
  });
  const digests = revocationDigests(token, claimMap);
  digestsByClaims.set(claims, digests);
  return {
    issuer,
    keyIdentity: token.key.identity,
    digests,
    // A cutoff has whole seconds: a token with `iat` 100.5 was issued in second 100.
    issuedAt: Math.floor(issuedAt),
    confirmation: readConfirmation(claims),
    accepted: Object.freeze({ outcome: 'accepted', auth, issuerAlias: issuer.alias, cached: true }),
  };
}
