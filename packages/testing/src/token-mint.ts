import { ConfigurationError, checkOptions } from '@revocast/denylist/replica';
import { type BadTokenKeys, type BadTokenReason, checkBadTokenReason, signBadToken } from './bad-tokens.ts';
import { type JsonMembers, signToken } from './signing-key.ts';
import { shapeToken, type TestProfile } from './token-shapes.ts';

/** What a token is to say. Everything has a default, so that `token()` is valid for the profile of the kit. */
export interface TestTokenOptions {
  /** The user. Default `alice`. */
  readonly subject?: string | undefined;
  /** Default `shop-web`; in tokens of Cognito the audience. */
  readonly client?: string | undefined;
  /** Default none. */
  readonly scopes?: readonly string[] | undefined;
  /** Default: a new one for each token. */
  readonly tokenId?: string | undefined;
  /** Default none. Tokens of Cognito have none. */
  readonly session?: string | undefined;
  /** Default none. Only tokens of `rfc9068`, `generic` and `cognito` have one. */
  readonly grant?: string | undefined;
  /** Default none; in tokens of Entra a fixed one. Only tokens of `auth0` and `entra` have one. */
  readonly tenant?: string | undefined;
  /** Claim seconds. Default now. */
  readonly issuedAt?: number | undefined;
  /** `exp - iat`. Seconds, default 600. */
  readonly expiresIn?: number | undefined;
  /** Adds or replaces claims. `undefined` removes one. */
  readonly claims?: JsonMembers | undefined;
  /** Adds or replaces members of the header. `undefined` removes one. */
  readonly header?: JsonMembers | undefined;
}

const optionNames: readonly string[] = [
  'subject',
  'client',
  'scopes',
  'tokenId',
  'session',
  'grant',
  'tenant',
  'issuedAt',
  'expiresIn',
  'claims',
  'header',
] satisfies (keyof TestTokenOptions)[];

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
    const { profile, nowSeconds } = this.#parts;
    const context = { ...this.#parts, profile, issuedAt: options.issuedAt ?? nowSeconds() };
    return signBadToken(checkBadTokenReason(reason), this.#shape(options), context);
  }

  #shape(options: TestTokenOptions) {
    checkOptions('token', options, optionNames);
    const { profile, issuer, audience, nowSeconds, newTokenId } = this.#parts;
    const {
      subject = 'alice',
      scopes = [],
      expiresIn = 600,
      tokenId = newTokenId(),
      issuedAt = nowSeconds(),
    } = options;
    if (!Array.isArray(scopes)) throw new ConfigurationError('scopes', 'expected an array of strings');
    const { client, session, grant, tenant } = options;
    const named = { subject, client, scopes, tokenId, session, grant, tenant };
    const shaped = shapeToken(profile, { ...named, issuer, audience, issuedAt, expiresAt: issuedAt + expiresIn });
    return { header: { ...shaped.header, ...options.header }, claims: { ...shaped.claims, ...options.claims } };
  }
}
