import { createHmac, generateKeyPairSync, hash, type KeyObject, randomUUID, sign } from 'node:crypto';

/** Keys that sign the tokens of the table. `weak` and `p384` make valid signatures, which verification must refuse. */
const pairs = {
  es: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  // The same kid at another issuer, with another key.
  other: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  leaked: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  weak: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  ed: generateKeyPairSync('ed25519'),
};
export type KeyName = keyof typeof pairs;

/** As in a key set. */
export function publicJwk(name: KeyName, members: Readonly<Record<string, unknown>> = {}) {
  return { kty: '', ...pairs[name].publicKey.export({ format: 'jwk' }), kid: name, ...members };
}

/** An RSA key of 4104 bits, as in a key set. Its private half does not exist any more. */
export const oversizedJwk = {
  kty: 'RSA',
  kid: 'oversized',
  e: 'AQAB',
  n: Buffer.alloc(513, 0xff).toString('base64url'),
} as const;

export function publicPem(name: KeyName): string {
  return String(pairs[name].publicKey.export({ format: 'pem', type: 'spki' }));
}

/** The parts of a token of the table. Objects are written as JSON; a string or bytes are signed as they are. */
export interface Recipe {
  /** Changes to the usual header; `undefined` leaves a member out. */
  readonly header?: Readonly<Record<string, unknown>> | string;
  /** Changes to the usual claims; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>> | string | Uint8Array;
  /** The signing key; default `es`. `hmac`: HMAC-SHA-256 with the public key as secret. */
  readonly signer?: KeyName | 'hmac';
  /** Changes the finished token. */
  readonly spoil?: (token: string) => string;
}

const algorithms: Readonly<Record<KeyName, string>> = {
  es: 'ES256',
  other: 'ES256',
  leaked: 'ES256',
  p384: 'ES384',
  rsa: 'RS256',
  weak: 'RS256',
  ed: 'EdDSA',
};

/** Signs a recipe, well-formed or not. */
export function forge(recipe: Recipe, claims: Readonly<Record<string, unknown>>): string {
  const { signer = 'es', spoil = (token: string) => token } = recipe;
  const named = signer === 'hmac' ? 'es' : signer;
  const header = { alg: algorithms[named], kid: named === 'other' ? 'es' : named, typ: 'at+jwt' };
  const input = `${encode(recipe.header, header)}.${encode(recipe.claims, claims)}`;
  return spoil(`${input}.${signature(signer, input).toString('base64url')}`);
}

function encode(part: Recipe['claims'], usual: Readonly<Record<string, unknown>>): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('base64url');
  const text = typeof part === 'string' ? part : JSON.stringify({ ...usual, ...part });
  return Buffer.from(text).toString('base64url');
}

function signature(signer: KeyName | 'hmac', input: string): Buffer {
  if (signer === 'hmac') return createHmac('sha256', publicPem('es')).update(input).digest();
  const { privateKey } = pairs[signer];
  const digest = signer === 'ed' ? undefined : signer === 'p384' ? 'sha384' : 'sha256';
  return sign(digest, Buffer.from(input), keyFor(signer, privateKey));
}

function keyFor(signer: KeyName, key: KeyObject) {
  const elliptic = ['es', 'other', 'leaked', 'p384'].includes(signer);
  return elliptic ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
}

/** RFC 7638 thumbprint. */
export function thumbprintOf(key: KeyName | Readonly<Record<string, string>>): string {
  const { crv, kty, x, y, e, n } = (typeof key === 'string' ? publicJwk(key) : key) as Record<string, unknown>;
  const required = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return hash('sha256', JSON.stringify(required), 'base64url');
}

/** The parts of a DPoP proof of the table; as {@link Recipe}. */
export interface ProofRecipe {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The signing key, whose public key is in the header; default `es`. */
  readonly signer?: KeyName;
  readonly spoil?: (proof: string) => string;
}

/** A proof for one request; a new one each time, unless its recipe has a `jti`. */
export function forgeProof(recipe: ProofRecipe, claims: Readonly<Record<string, unknown>>): string {
  const { signer = 'es' } = recipe;
  const { kid: _kid, ...jwk } = publicJwk(signer);
  return forge(
    {
      signer,
      header: { typ: 'dpop+jwt', kid: undefined, jwk, ...recipe.header },
      claims: { jti: randomUUID(), ...recipe.claims },
      spoil: recipe.spoil,
    },
    claims,
  );
}

/** Changes the signature of a token. */
export function resign(change: (signature: Buffer) => Buffer): (token: string) => string {
  return (token) => {
    const [header, payload, signed = ''] = token.split('.');
    return `${header}.${payload}.${change(Buffer.from(signed, 'base64url')).toString('base64url')}`;
  };
}

/** The other valid signature of the same ECDSA key over the same input: (r, n − s). */
export function twinSignature(signed: Buffer): Buffer {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = BigInt(`0x${signed.subarray(32).toString('hex')}`);
  const twin = (order - s).toString(16).padStart(64, '0');
  return Buffer.concat([signed.subarray(0, 32), Buffer.from(twin, 'hex')]);
}

/** ASN.1 DER in place of r‖s. */
export function derSignature(signed: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const positive = (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
    return Buffer.concat([Buffer.of(2, positive.length), positive]);
  };
  const body = Buffer.concat([integer(signed.subarray(0, 32)), integer(signed.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}
