import type { webcrypto } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Algorithm } from '../../command-line.ts';

/** The settings of every contender; all must accept exactly the same tokens. */
export interface Setting {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly jwks: { readonly keys: readonly webcrypto.JsonWebKey[] };
  readonly algorithm: Algorithm;
  readonly redisUrl: string;
  /** Where Revocast's replica finds its rules. */
  readonly feedUrl: string;
}

/** Warm: a thousand live tokens. Cold: every token is new. */
export type Temperature = 'warm' | 'cold';

export interface Contender {
  readonly name: string;
  /** Algorithms it cannot verify. */
  readonly unable?: readonly Algorithm[];
  /** The tables in which it stands; default both. */
  readonly only?: Temperature;
  /** What it does beside checking a signature and claims. */
  readonly about: string;
  /**
   * The middleware before the route; none for the bare one. Resolves when it is warm. Imports its libraries itself, so
   * that the process of each contender loads no other's.
   */
  prepare(setting: Setting): Promise<RequestHandler | undefined>;
}
