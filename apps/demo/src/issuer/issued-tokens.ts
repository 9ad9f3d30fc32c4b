/** The values by which the issuer can revoke a token. */
export interface TokenOrigin {
  readonly accountId: string | undefined;
  readonly grantId: string | undefined;
  readonly sessionUid: string | undefined;
  /** The kid of the key that signed it. */
  readonly kid: string;
}

/** The active access tokens in the records of the issuer: issued, not expired, not revoked by the issuer. */
export interface IssuedTokens {
  add(origin: TokenOrigin, lifetimeSeconds: number): void;
  /** Removes the revoked tokens. */
  forget(isRevoked: (origin: TokenOrigin) => boolean): void;
  countActive(): number;
}

interface IssuedToken {
  readonly origin: TokenOrigin;
  readonly expiresAtMs: number;
}

/** The library does not store JWTs, so the issuer keeps records. Their number is bounded by the tokens of one lifetime. */
export function createIssuedTokens(nowMs: () => number): IssuedTokens {
  const tokens = new Set<IssuedToken>();
  /** All tokens have the same lifetime, so the oldest expires first. */
  const dropExpired = (): void => {
    for (const token of tokens) {
      if (token.expiresAtMs > nowMs()) return;
      tokens.delete(token);
    }
  };

  return {
    add(origin, lifetimeSeconds) {
      dropExpired();
      tokens.add({ origin, expiresAtMs: nowMs() + lifetimeSeconds * 1000 });
    },
    forget(isRevoked) {
      for (const token of tokens) if (isRevoked(token.origin)) tokens.delete(token);
    },
    countActive() {
      dropExpired();
      return tokens.size;
    },
  };
}
