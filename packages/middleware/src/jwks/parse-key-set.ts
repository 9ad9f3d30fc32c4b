import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { maxKidLength } from '../token/compact.ts';
import { isJsonObject, type JsonObject } from '../token/json.ts';
import { jwkThumbprint } from './jwk-thumbprint.ts';
import {
  algorithmsOfKey,
  namesOfAlgorithm,
  type SignatureAlgorithm,
  type VerificationKey,
  verificationKey,
} from './verification-key.ts';

/** The default of the option `keySet.maxRsaBits`. */
export const defaultMaxRsaBits = 4096;
const maxExponentBits = 32;

/**
 * Why a member of a key set is not used. `malformed`: not a JWK that can be imported · `private` and `symmetric`: secrets,
 * which must not be published · `other_use`: not for verifying signatures · `unsupported`: an unknown kind of key or
 * algorithm · `weak`: RSA below 2048 bits or with a degenerate exponent · `oversized`: RSA with more bits than `keySet.maxRsaBits`
 * or an exponent above 2^32, which makes each check slow.
 */
export type SkipCause = keyof typeof noSkippedKeys;

/** Number of unused members, by cause. */
export type SkippedKeys = Readonly<Record<SkipCause, number>>;

export const noSkippedKeys = {
  malformed: 0,
  private: 0,
  symmetric: 0,
  other_use: 0,
  unsupported: 0,
  weak: 0,
  oversized: 0,
};

/** The usable part of a key set. */
export interface KeySet {
  /** No two with the same kid, thumbprint and algorithms. */
  readonly keys: readonly VerificationKey[];
  readonly byKid: ReadonlyMap<string, readonly VerificationKey[]>;
  /** Of each key: {@link VerificationKey.identity}. */
  readonly identities: ReadonlySet<string>;
  /** Kids of unused members: a token that names one causes no refresh. */
  readonly skippedKids: ReadonlySet<string>;
  readonly skipped: SkippedKeys;
}

export type KeySetParse =
  | { readonly ok: true; readonly keySet: KeySet }
  | { readonly ok: false; readonly code: 'not_a_key_set' | 'too_many_keys' | 'no_usable_keys' };

/**
 * Reads a JWK Set (RFC 7517 §5) into usable public keys. Members that cannot be used are counted and skipped: one invalid
 * member, or a new kind of key, must not make the valid keys unusable.
 *
 * @param value any JSON value, or a set given in the options.
 * @param maxKeys a set with more members is rejected as a whole: a part of it could lack the key of a token.
 * @param maxRsaBits as the option `keySet.maxRsaBits`.
 * @returns `no_usable_keys` also for an empty set. Never throws.
 */
export function parseKeySet(value: unknown, maxKeys: number, maxRsaBits = defaultMaxRsaBits): KeySetParse {
  const members = isJsonObject(value) ? value['keys'] : undefined;
  if (!Array.isArray(members)) return { ok: false, code: 'not_a_key_set' };
  if (members.length > maxKeys) return { ok: false, code: 'too_many_keys' };

  const listed: VerificationKey[] = [];
  const kidsOfKeys = new Map<string, Set<string>>();
  const skippedKids = new Set<string>();
  const skipped = { ...noSkippedKeys };
  for (const listedMember of members) {
    const member = isJsonObject(listedMember) ? withoutAbsent(listedMember) : listedMember;
    const read = readKey(member, maxRsaBits);
    const { kid = undefined } = isJsonObject(member) ? member : {};
    if (typeof read !== 'string') listed.push(read);
    else {
      skipped[read] += 1;
      if (typeof kid === 'string') skippedKids.add(kid);
    }
    // Also of a member that is not used: a revocation of its kid means the same key.
    const thumbprint = typeof read === 'string' ? isJsonObject(member) && jwkThumbprint(member) : read.thumbprint;
    if (typeof kid === 'string' && thumbprint) {
      kidsOfKeys.set(thumbprint, (kidsOfKeys.get(thumbprint) ?? new Set()).add(kid));
    }
  }
  if (listed.length === 0) return { ok: false, code: 'no_usable_keys' };
  // A key that is listed twice in the same way is one key, and not ambiguous.
  const byIdentity = new Map<string, VerificationKey>();
  for (const each of listed) {
    const key = verificationKey(each, [...(kidsOfKeys.get(each.thumbprint) ?? [])].sort());
    byIdentity.set(key.identity, byIdentity.get(key.identity) ?? key);
  }
  const keys = [...byIdentity.values()];
  return {
    ok: true,
    keySet: { keys, byKid: groupByKid(keys), identities: new Set(byIdentity.keys()), skippedKids, skipped },
  };
}

/** Whether two sets have the same keys with the same algorithms; a kid may differ. */
export function hasSameKeys(one: KeySet, other: KeySet): boolean {
  const namesOf = ({ keys }: KeySet) =>
    new Set(keys.flatMap((key) => key.algorithms.map((alg) => `${key.thumbprint} ${alg}`)));
  const [names, others] = [namesOf(one), namesOf(other)];
  return names.size === others.size && [...names].every((name) => others.has(name));
}

function groupByKid(keys: readonly VerificationKey[]): ReadonlyMap<string, readonly VerificationKey[]> {
  const byKid = new Map<string, readonly VerificationKey[]>();
  for (const key of keys) {
    if (key.kid !== undefined) byKid.set(key.kid, [...(byKid.get(key.kid) ?? []), key]);
  }
  return byKid;
}

/** Reads one public key that may verify signatures, or returns why it may not. Never throws. */
export function readKey(member: unknown, maxRsaBits = defaultMaxRsaBits): VerificationKey | SkipCause {
  return isJsonObject(member) ? readPresent(member, maxRsaBits) : 'malformed';
}

/** A serializer that writes `null`, `""` or `[]` for an absent member must not make a key unusable. */
function withoutAbsent(member: JsonObject): JsonObject {
  const isAbsent = (value: unknown) => value === null || value === '' || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(member).filter(([, value]) => !isAbsent(value)));
}

function readPresent(member: JsonObject, maxRsaBits: number): VerificationKey | SkipCause {
  const { kty, crv, kid, alg, use } = member;
  if (typeof kty !== 'string') return 'malformed';
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKidLength)) return 'malformed';
  if (kty === 'oct') return 'symmetric';
  // A published private key lets every reader sign, so that its public half proves nothing either.
  if (member['d'] !== undefined || member['priv'] !== undefined) return 'private';
  if ((use !== undefined && use !== 'sig') || !mayVerify(member['key_ops'])) return 'other_use';
  const algorithms = boundAlgorithms(algorithmsOfKey(kty, crv), alg);
  if (algorithms.length === 0) return 'unsupported';

  if (kty === 'RSA' && isLongText(member, maxRsaBits)) return 'oversized';
  const key = importPublicKey(member);
  if (key === undefined) return 'malformed';
  if (isWeak(key)) return 'weak';
  if (isOversized(key, maxRsaBits)) return 'oversized';
  // From the imported key and not from the document: another encoding of the same number is the same key.
  const thumbprint = jwkThumbprint({ ...key.export({ format: 'jwk' }) });
  return thumbprint === undefined ? 'malformed' : verificationKey({ kid, thumbprint, algorithms, key });
}

/** RFC 7517 §4.3: `key_ops` lists each operation that the key is intended for. */
function mayVerify(keyOps: unknown): boolean {
  return keyOps === undefined || (Array.isArray(keyOps) && keyOps.includes('verify'));
}

/** RFC 7517 §4.4: `alg`, if present, is the only algorithm of the key. */
function boundAlgorithms(fitting: readonly SignatureAlgorithm[], alg: unknown): readonly SignatureAlgorithm[] {
  return alg === undefined ? fitting : fitting.filter((name) => namesOfAlgorithm(alg).includes(name));
}

/** Passes only the members of a public key to OpenSSL, which checks them, including that the point is on the curve. */
function importPublicKey({ kty, crv, n, e, x, y }: JsonObject): KeyObject | undefined {
  try {
    const publicMembers = kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
    return createPublicKey({ key: publicMembers as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Before the import, whose cost grows with the text. Room is left for leading zeros, which a few issuers write. */
function isLongText({ n, e }: JsonObject, maxRsaBits: number): boolean {
  const isLong = (text: unknown, bits: number) => typeof text === 'string' && text.length > bits / 6 + 16;
  return isLong(n, maxRsaBits) || isLong(e, maxExponentBits);
}

/** A check of 16,384 bits, or with a long exponent, takes the time of 50 to 500 checks of 2048 bits. */
function isOversized({ asymmetricKeyDetails = {} }: KeyObject, maxRsaBits: number): boolean {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails;
  return modulusLength > maxRsaBits || publicExponent > 2n ** BigInt(maxExponentBits);
}

/** RFC 7518 §3.3: 2048 bits or more. With an exponent of 1, or an even one, anyone can make a signature. */
function isWeak(key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa') return false;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  return modulusLength < 2048 || publicExponent < 3n || publicExponent % 2n === 0n;
}
