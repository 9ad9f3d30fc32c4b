import type { KeyObject } from 'node:crypto';

/**
 * The signature algorithms that a key set may bind a key to: asymmetric ones only. HMAC is not among them (RFC 8725 §2.1,
 * §3.2: every verifier could sign), and `none` is not an algorithm.
 */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** A public key as a key set lists it. */
export interface ListedKey {
  /** Absent when the key set names none. */
  readonly kid?: string;
  /** RFC 7638 SHA-256 thumbprint, base64url: identifies the key independently of its kid. */
  readonly thumbprint: string;
  /** RFC 8725 §3.1: the key, not the token, decides the algorithm. Never empty. */
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Imported once; jose keeps its own converted form of it. */
  readonly key: KeyObject;
}

/** A public key that may verify access tokens, and the only algorithms it may verify them with. */
export interface VerificationKey extends ListedKey {
  /** Every kid under which the set lists the key. A revocation of any of them means the key. */
  readonly kids: readonly string[];
  /** What the set says about the key: kids, thumbprint and algorithms. A cached token is verified again when it changes. */
  readonly identity: string;
  /** Bytes of each signature by this key. */
  readonly signatureLength: number;
}

/** Adds what follows from the key itself, and from the other members of its set. @param kids sorted. */
export function verificationKey(
  listed: ListedKey,
  kids: readonly string[] = [listed.kid ?? []].flat(),
): VerificationKey {
  const { kid, thumbprint, algorithms, key } = listed;
  const identity = JSON.stringify([kid ?? null, thumbprint, [...algorithms].sort(), kids]);
  return Object.freeze({ kid, thumbprint, algorithms, key, kids, identity, signatureLength: signatureLengthOf(key) });
}

/** RFC 7518 §3.4: R and S, each as long as the order of the curve. */
const bytesByCurve: ReadonlyMap<string | undefined, number> = new Map([
  ['prime256v1', 64],
  ['secp384r1', 96],
  ['secp521r1', 132],
]);
/** RFC 8032 §5.1.7. */
const ed25519Bytes = 64;

function signatureLengthOf({ asymmetricKeyDetails = {} }: KeyObject): number {
  const { modulusLength, namedCurve } = asymmetricKeyDetails;
  // RFC 8017 §8.1.2 and §8.2.2, step 1: as long as the modulus.
  if (modulusLength !== undefined) return Math.ceil(modulusLength / 8);
  return bytesByCurve.get(namedCurve) ?? ed25519Bytes;
}

const rsa = signatureAlgorithms.filter((name) => /^[RP]S/.test(name));

/** What a key of each kind can verify; for elliptic keys the curve decides (RFC 7518 §3.4, RFC 8037 §3.1, RFC 9864). */
const byKeyKind: ReadonlyMap<string, readonly SignatureAlgorithm[]> = new Map([
  ['RSA', rsa],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
]);

/** RFC 9864 §2.2: `Ed25519` is the new name of what `EdDSA` (RFC 8037 §3.1) means with the only curve that is accepted here. */
const namesOfEd25519: readonly unknown[] = ['EdDSA', 'Ed25519'];

/** Every name of an algorithm. Keys, options and tokens may use any of them. */
export function namesOfAlgorithm(name: unknown): readonly unknown[] {
  return namesOfEd25519.includes(name) ? namesOfEd25519 : [name];
}

/** Returns the algorithms that fit the `kty` and `crv` of a JWK; an empty list for an unknown kind of key. */
export function algorithmsOfKey(kty: string, crv: unknown): readonly SignatureAlgorithm[] {
  const kind = kty === 'RSA' ? 'RSA' : `${kty} ${typeof crv === 'string' ? crv : ''}`;
  return byKeyKind.get(kind) ?? [];
}
