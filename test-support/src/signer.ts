import { randomUUID } from 'node:crypto';
import {
  createSigningKey,
  type PublicJwk,
  renameSigningKey,
  type SigningAlgorithm,
  type SigningKey,
  signToken,
} from '@revocast/testing/issuer';

export type { SigningAlgorithm, SigningKey };

/** Adds or replaces claims; `undefined` removes a default claim. */
export type ClaimOverrides = Readonly<Record<string, unknown>>;

export interface SignOptions {
  /** Adds or replaces members of `{ alg, kid, typ }`; `undefined` removes one. */
  header?: Readonly<Record<string, unknown>>;
  /** `exp − iat`, default 300. A claim `exp` takes precedence. */
  expiresInSeconds?: number;
  /** Default `at+jwt` (RFC 9068 §2.1). */
  typ?: string;
}

export interface MintOptions extends SignOptions {
  issuer: string;
  audience: string | readonly string[];
  /** Default `Date.now`. */
  nowMs?: () => number;
}

const minted = new Map<SigningAlgorithm, SigningKey>();

/**
 * Generates a key pair (RSA: 2048 bits).
 *
 * @param reuse uses one shared pair for each algorithm of this process, which saves about 100 ms for RSA. Keys with a
 *              different `kid` then have the same key material.
 */
export async function mintKey(algorithm: SigningAlgorithm, kid: string, reuse = false): Promise<SigningKey> {
  if (!reuse) return createSigningKey(algorithm, kid);
  const shared = minted.get(algorithm) ?? createSigningKey(algorithm, kid);
  minted.set(algorithm, shared);
  return renameSigningKey(shared, kid);
}

/**
 * Signs an access token. The default claims are all that RFC 9068 §2.2 requires: iss, exp, aud, sub, client_id, iat, jti.
 */
export async function mintToken(key: SigningKey, claims: ClaimOverrides, options: MintOptions): Promise<string> {
  const { issuer, audience, nowMs = Date.now, header = {}, expiresInSeconds = 300, typ = 'at+jwt' } = options;
  const iat = typeof claims['iat'] === 'number' ? claims['iat'] : Math.floor(nowMs() / 1000);
  const payload = {
    iss: issuer,
    sub: 'user-1',
    aud: typeof audience === 'string' ? audience : [...audience],
    client_id: 'client-1',
    iat,
    exp: iat + expiresInSeconds,
    jti: randomUUID(),
    ...claims,
  };
  return signToken(key, payload, { typ, ...header });
}

export interface CreateSignerOptions {
  /** Default `ES256`, whose keys are fast to generate. */
  algorithm?: SigningAlgorithm;
  /** Default `key-1`. */
  kid?: string;
  /** Default `https://issuer.test/`. */
  issuer?: string;
  /** Default `https://api.test`. */
  audience?: string | readonly string[];
  nowMs?: () => number;
  /** See `mintKey`. Default false. */
  reuseKey?: boolean;
}

/** An issuer without HTTP, for tests with a static key set. */
export interface Signer {
  readonly issuer: string;
  readonly audience: string | readonly string[];
  readonly key: SigningKey;
  readonly publicJwk: PublicJwk;
  readonly jwks: { keys: PublicJwk[] };
  sign(claims?: ClaimOverrides, options?: SignOptions): Promise<string>;
}

export async function createSigner(options: CreateSignerOptions = {}): Promise<Signer> {
  const { algorithm = 'ES256', kid = 'key-1', reuseKey = false, ...rest } = options;
  const identity = { issuer: 'https://issuer.test/', audience: 'https://api.test', ...rest };
  const key = await mintKey(algorithm, kid, reuseKey);
  return {
    issuer: identity.issuer,
    audience: identity.audience,
    key,
    publicJwk: key.publicJwk,
    jwks: { keys: [key.publicJwk] },
    sign: (claims = {}, signOptions = {}) => mintToken(key, claims, { ...identity, ...signOptions }),
  };
}
