import { generateKeyPairSync, type KeyObject } from 'node:crypto';

export interface MintedKey {
  readonly privateKey: KeyObject;
  /** The public half as an issuer would publish it. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** Mints a P-256 key: quick enough for one in every test. */
export function mintEcKey(members: Readonly<Record<string, unknown>> = {}, namedCurve = 'P-256'): MintedKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...members } };
}

export function mintRsaKey(members: Readonly<Record<string, unknown>> = {}, modulusLength = 2048): MintedKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...members } };
}

export function mintEd25519Key(members: Readonly<Record<string, unknown>> = {}): MintedKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...members } };
}
