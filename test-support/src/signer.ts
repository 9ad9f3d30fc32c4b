import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** A generated key pair. `publicJwk` has `kid`, `alg` and `use`, as in a key set. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

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

const minted = new Map<SigningAlgorithm, Promise<CryptoKeyPair>>();
type CryptoKeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/**
 * Generates a key pair (RSA: 2048 bits).
 *
 * @param reuse uses one shared pair for each algorithm of this process, which saves about 100 ms for RSA. Keys with a
 *              different `kid` then have the same key material.
 */
export async function mintKey(algorithm: SigningAlgorithm, kid: string, reuse = false): Promise<SigningKey> {
  const generate = (): Promise<CryptoKeyPair> => generateKeyPair(algorithm, { extractable: true });
  if (reuse && !minted.has(algorithm)) minted.set(algorithm, generate());
  const { publicKey, privateKey } = await ((reuse ? minted.get(algorithm) : undefined) ?? generate());
  const publicJwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicJwk };
}

/**
 * Signs an access token. The default claims are all that RFC 9068 §2.2 requires: iss, exp, aud, sub, client_id, iat, jti.
 */
export function mintToken(key: SigningKey, claims: ClaimOverrides, options: MintOptions): Promise<string> {
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
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ, ...header })
    .sign(key.privateKey);
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
  readonly publicJwk: JWK;
  readonly jwks: { keys: JWK[] };
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
