/** What a token can die of. */
export interface TokenOrigin {
  readonly accountId: string | undefined;
  readonly grantId: string | undefined;
  readonly sessionUid: string | undefined;
  /** Of the key that signed it. */
  readonly kid: string;
}

/** The access tokens that can be used at this moment, by the records of the issuer: issued, not expired, not revoked here. */
export interface IssuedTokens {
  add(origin: TokenOrigin, lifetimeSeconds: number): void;
  /** Those are revoked. */
  forget(isRevoked: (origin: TokenOrigin) => boolean): void;
  countActive(): number;
}

interface IssuedToken {
  readonly origin: TokenOrigin;
  readonly expiresAtMs: number;
}

/** A JWT is stored nowhere, so the issuer keeps a record of it. Bounded by what is issued in one lifetime. */
export function createIssuedTokens(nowMs: () => number): IssuedTokens {
  const tokens = new Set<IssuedToken>();
  /** All live equally long, so that the oldest is the first to expire. */
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
