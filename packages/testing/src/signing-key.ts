import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** A member of a key set (RFC 7517). It has no private part. */
export interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly [member: string]: unknown;
}

/** A generated key pair. `publicJwk` has `kid`, `alg` and `use`, as in a key set. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** Members of a header or claims; `undefined` leaves one out. */
export type JsonMembers = Readonly<Record<string, unknown>>;

/** Generates a key pair. RSA has 2048 bits, and takes about 100 ms; the others take less than 1 ms. */
export function createSigningKey(algorithm: SigningAlgorithm, kid: string): SigningKey {
  return nameSigningKey(generate(algorithm), algorithm, kid);
}

/** The same key pair under another `kid`. */
export function renameSigningKey({ privateKey, publicJwk, algorithm }: SigningKey, kid: string): SigningKey {
  return { kid, algorithm, privateKey, publicJwk: { ...publicJwk, kid } };
}

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function nameSigningKey({ privateKey, publicKey }: KeyPair, algorithm: SigningAlgorithm, kid: string): SigningKey {
  const { kty = '', ...members } = publicKey.export({ format: 'jwk' });
  return { kid, algorithm, privateKey, publicJwk: { kty, ...members, kid, alg: algorithm, use: 'sig' } };
}

function generate(algorithm: SigningAlgorithm): KeyPair {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** Signs a JWT in the compact form (RFC 7515 §7.1). `header` may replace `alg` and `kid`, to make a bad token. */
export function signToken(
  { algorithm, kid, privateKey }: SigningKey,
  claims: JsonMembers,
  header: JsonMembers = {},
): string {
  const input = `${encode({ alg: algorithm, kid, ...header })}.${encode(claims)}`;
  return `${input}.${signatureOf(algorithm, privateKey, Buffer.from(input)).toString('base64url')}`;
}

function encode(members: JsonMembers): string {
  return Buffer.from(JSON.stringify(members)).toString('base64url');
}

/** RFC 7518 §3.3–3.5, RFC 8037 §3.1. */
function signatureOf(algorithm: SigningAlgorithm, key: KeyObject, input: Buffer): Buffer {
  if (algorithm === 'EdDSA') return sign(null, input, key);
  if (algorithm === 'ES256') return sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm === 'RS256') return sign('sha256', input, key);
  return sign('sha256', input, {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
}
