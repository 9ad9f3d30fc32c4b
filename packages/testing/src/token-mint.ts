import { type BadTokenKeys, type BadTokenReason, checkBadTokenReason, signBadToken } from './bad-tokens.ts';
import { signToken } from './signing-key.ts';
import { checkTokenOptions, type TestTokenOptions } from './token-options.ts';
import { shapeToken, type TestProfile } from './token-shapes.ts';

export interface TokenMintParts extends BadTokenKeys {
  readonly profile: TestProfile;
  readonly issuer: string;
  readonly audience: string;
  readonly nowSeconds: () => number;
  readonly newTokenId: () => string;
  /** Called with the `iat` of each token, so that a revocation of now covers it. */
  readonly onIssued: (issuedAt: number) => void;
}

/** Makes the tokens of one issuer. */
export class TokenMint {
  readonly #parts: TokenMintParts;

  constructor(parts: TokenMintParts) {
    this.#parts = parts;
  }

  token(options: TestTokenOptions = {}): string {
    const { header, claims } = this.#shape(options);
    if (typeof claims['iat'] === 'number') this.#parts.onIssued(claims['iat']);
    return signToken(this.#parts.key, claims, header);
  }

  badToken(reason: BadTokenReason, options: TestTokenOptions = {}): string {
    const checked = checkBadTokenReason(reason);
    const shaped = this.#shape(options);
    const { issuedAt = this.#parts.nowSeconds() } = options;
    return signBadToken(checked, shaped, { ...this.#parts, issuedAt });
  }

  #shape(options: TestTokenOptions) {
    checkTokenOptions(options);
    const { profile, issuer, audience, nowSeconds, newTokenId } = this.#parts;
    const {
      subject = 'alice',
      scopes = [],
      expiresIn = 600,
      tokenId = newTokenId(),
      issuedAt = nowSeconds(),
    } = options;
    const { client, session, grant, tenant } = options;
    const named = { subject, client, scopes, tokenId, session, grant, tenant };
    const shaped = shapeToken(profile, { ...named, issuer, audience, issuedAt, expiresAt: issuedAt + expiresIn });
    return { header: { ...shaped.header, ...options.header }, claims: { ...shaped.claims, ...options.claims } };
  }
}
