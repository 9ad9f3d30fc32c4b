import type { webcrypto } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Algorithm } from '../../command-line.ts';

/** The settings of every contender. All contenders must accept the same tokens. */
export interface Setting {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly jwks: { readonly keys: readonly webcrypto.JsonWebKey[] };
  readonly algorithm: Algorithm;
  readonly redisUrl: string;
  /** Feed of the replica of Revocast. */
  readonly feedUrl: string;
}

/** Warm: a thousand live tokens. Cold: every token is new. */
export type Temperature = 'warm' | 'cold';

export interface Contender {
  readonly name: string;
  /** Algorithms it cannot verify. */
  readonly unable?: readonly Algorithm[];
  /** The table that lists it. Default: both tables. */
  readonly only?: Temperature;
  /** What it does in addition to the check of signature and claims. */
  readonly about: string;
  /**
   * The middleware of the route; undefined for the bare route. Resolves when it is ready. Imports its libraries itself,
   * so that the process of a contender loads only its own libraries.
   */
  prepare(setting: Setting): Promise<RequestHandler | undefined>;
}

/** The bearer token of a request. */
export function tokenOf({ headers }: Parameters<RequestHandler>[0]): string {
  return (headers.authorization ?? '').slice('Bearer '.length);
}
