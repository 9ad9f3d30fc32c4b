import type { webcrypto } from 'node:crypto';
import type { RequestHandler } from 'express';

/** What every contender is told; it must accept exactly the same tokens. */
export interface Setting {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly jwks: { readonly keys: readonly webcrypto.JsonWebKey[] };
  readonly algorithm: 'RS256' | 'ES256' | 'EdDSA';
  readonly redisUrl: string;
  /** Where Revocast's replica finds its rules. */
  readonly feedUrl: string;
}

export interface Contender {
  readonly name: string;
  /** Algorithms it cannot verify. */
  readonly unable?: readonly Setting['algorithm'][];
  /** What it does beside checking a signature and claims. */
  readonly about: string;
  /** The middleware before the route; none for the bare one. Resolves when it is warm. */
  prepare(setting: Setting): Promise<RequestHandler | undefined>;
}
