import type { DigestSet } from '@revocast/denylist/replica';
import { type Confirmation, readConfirmation } from '../binding/confirmation.ts';
import type { Accepted, Auth } from '../decision.ts';
import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import { endOfUse } from './claims.ts';
import { mappedString, type RevocableToken, revocationDigests, tokenIdOf } from './dimensions.ts';
import { freezeDeeply } from './json.ts';
import { readScopes } from './scope.ts';

/**
 * `req.auth`. It also leads to its verified token, which has what a stream needs that outlives the request. In a private field:
 * who prints or copies `req.auth` sees the documented members only.
 */
class TokenAuth implements Auth {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string | undefined;
  readonly tokenId: string;
  readonly scopes: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly claims: Auth['claims'];
  readonly revocation: Auth['revocation'];
  #token: VerifiedToken | undefined;

  constructor(auth: Auth, token?: VerifiedToken) {
    this.issuer = auth.issuer;
    this.subject = auth.subject;
    this.clientId = auth.clientId;
    this.tokenId = auth.tokenId;
    this.scopes = auth.scopes;
    this.issuedAt = auth.issuedAt;
    this.expiresAt = auth.expiresAt;
    this.claims = auth.claims;
    this.revocation = auth.revocation;
    this.#token = token;
    Object.freeze(this);
  }

  static belongTo(auth: Auth, token: VerifiedToken): void {
    if (#token in auth) auth.#token = token;
  }

  static tokenOf(auth: object): VerifiedToken | undefined {
    return #token in auth ? auth.#token : undefined;
  }
}

/** The token that `req.auth` describes; undefined for any other object, and for a copy. */
export function tokenOf(auth: object): VerifiedToken | undefined {
  return TokenAuth.tokenOf(auth);
}

/** No version of a denylist. */
export const neverCleared = -1;

/**
 * A token with a valid signature and valid claims: everything that later requests with it need, in one object, because the
 * objects of a token are in no cache of the processor when it is used again.
 */
export class VerifiedToken {
  /** Used again, since the token cache last passed it when it made room. */
  used = false;
  /** The acceptance that `accept-again.ts` may repeat. Wall-clock milliseconds of it; infinite while there is none. */
  acceptedAtMs = Number.POSITIVE_INFINITY;
  /** Wall-clock milliseconds at which a check of its times fails. */
  readonly usableUntilMs: number;
  /** The key set that had its key at that acceptance. */
  trustedBy: object | undefined = undefined;
  /** The version of the fresh denylist by which the last revocation check accepted it. */
  clearedVersion = neverCleared;
  /** What a gate keeps for its next request with this token. */
  admission: object | undefined = undefined;
  readonly issuer: TrustedIssuer;
  /** The decision for each later request with this token while nothing denies it; made once. */
  readonly accepted: Accepted;
  /** Claim seconds. */
  readonly issuedAt: number;
  /** From `iat` to `exp`. */
  readonly lifetimeSeconds: number;
  readonly digests: DigestSet;
  /** The key or certificate that each request with the token must prove. */
  readonly confirmation: Confirmation | 'unsupported' | undefined;
  /** The `identity` of the key that verified it. */
  readonly keyIdentity: string;

  constructor(issuer: TrustedIssuer, accepted: Accepted, parts: VerifiedParts) {
    this.issuer = issuer;
    this.accepted = accepted;
    this.usableUntilMs = endOfUse({ claims: accepted.auth.claims, policy: issuer.policy });
    this.issuedAt = parts.issuedAt;
    this.lifetimeSeconds = accepted.auth.expiresAt - accepted.auth.issuedAt;
    this.digests = parts.digests;
    this.confirmation = parts.confirmation;
    this.keyIdentity = parts.keyIdentity;
    TokenAuth.belongTo(accepted.auth, this);
  }

  /** What a route reads where it is unknown whether the token is revoked. */
  uncheckedAuth(): Auth {
    return new TokenAuth({ ...this.accepted.auth, revocation: 'unknown' }, this);
  }
}

type VerifiedParts = Pick<VerifiedToken, 'issuedAt' | 'digests' | 'confirmation' | 'keyIdentity'>;

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
  const auth: Auth = new TokenAuth({
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
  const accepted: Accepted = Object.freeze({ outcome: 'accepted', auth, issuerAlias: issuer.alias, cached: true });
  return new VerifiedToken(issuer, accepted, {
    keyIdentity: token.key.identity,
    digests,
    // A cutoff has whole seconds: a token with `iat` 100.5 was issued in second 100.
    issuedAt: Math.floor(issuedAt),
    confirmation: readConfirmation(claims),
  });
}
