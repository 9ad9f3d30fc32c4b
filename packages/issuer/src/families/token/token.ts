import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { DerivedKey, KeyRing } from './keys.ts';

/**
 * A refresh token is `base64url(1 | key id | family 16 | generation 4 | secret 32 | tag 16)`, 94 characters.
 *
 * The tag proves that this server made the token. A forged token never reaches the store, and a spent token is recognised by
 * its generation: the store keeps one row for each family, and no spent tokens.
 */
export interface RefreshToken {
  /** 16 bytes: the row. */
  readonly family: Uint8Array;
  /** 0 for the first token of a family; each rotation adds 1. */
  readonly generation: number;
  /** 32 bytes. The store has only their SHA-256. */
  readonly secret: Uint8Array;
}

const version = 1;
export const familyBytes = 16;
export const secretBytes = 32;
export const saltBytes = 16;
const tagBytes = 16;
const familyAt = 2;
const generationAt = familyAt + familyBytes;
const secretAt = generationAt + 4;
const tagAt = secretAt + secretBytes;
const tokenBytes = tagAt + tagBytes;
const tokenText = /^[A-Za-z0-9_-]{94}$/;
/** A family that is refreshed every second reaches it after 68 years. Postgres holds it in an `int`. */
export const maxGeneration = 2 ** 31 - 1;

export function encodeToken({ family, generation, secret }: RefreshToken, key: DerivedKey): string {
  const bytes = Buffer.alloc(tokenBytes);
  bytes[0] = version;
  bytes[1] = key.id;
  bytes.set(family, familyAt);
  bytes.writeUInt32BE(generation, generationAt);
  bytes.set(secret, secretAt);
  bytes.set(tagOf(bytes.subarray(0, tagAt), key), tagAt);
  return bytes.toString('base64url');
}

/** @returns undefined for a text that is no token of one of these keys. Never throws. */
export function decodeToken(text: unknown, keys: KeyRing): RefreshToken | undefined {
  if (typeof text !== 'string' || !tokenText.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // Four bits of the last character are unused: a second spelling of a token would be a second name for it.
  if (bytes[0] !== version || bytes.toString('base64url') !== text) return undefined;
  const key = keys.find(bytes[1]!);
  if (key === undefined || !timingSafeEqual(bytes.subarray(tagAt), tagOf(bytes.subarray(0, tagAt), key))) {
    return undefined;
  }
  const generation = bytes.readUInt32BE(generationAt);
  if (generation > maxGeneration) return undefined;
  return {
    family: Uint8Array.from(bytes.subarray(familyAt, generationAt)),
    generation,
    secret: Uint8Array.from(bytes.subarray(secretAt, tagAt)),
  };
}

/**
 * The token that follows this one. The same parent, salt and key give the same child, so a request that is repeated gets the
 * answer that was lost. Without the parent, neither the key nor the store is enough to compute it.
 *
 * @param salt 16 random bytes that the store keeps until the next rotation.
 */
export function childOf(parent: RefreshToken, salt: Uint8Array, key: DerivedKey): RefreshToken {
  const generation = parent.generation + 1;
  const number = Buffer.alloc(4);
  number.writeUInt32BE(generation);
  const hmac = createHmac('sha256', key.child).update(parent.secret).update(parent.family).update(number).update(salt);
  return { family: parent.family, generation, secret: new Uint8Array(hmac.digest()) };
}

/** What the store keeps of a secret. A slow hash is not needed: a secret has 256 random bits. */
export function hashOf(secret: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

function tagOf(bytes: Uint8Array, key: DerivedKey): Uint8Array {
  return createHmac('sha256', key.tag).update(bytes).digest().subarray(0, tagBytes);
}
