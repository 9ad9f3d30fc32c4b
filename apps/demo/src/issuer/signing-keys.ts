import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export const signingAlgorithm = 'ES256';

/** A private JWK with its `kid` (the RFC 7638 thumbprint). */
export type SigningKey = JWK & { readonly kid: string };

/** The published keys. The first one signs. */
export interface KeyRing {
  readonly keys: readonly SigningKey[];
}

export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(signingAlgorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: signingAlgorithm, use: 'sig' };
}

/** The kid of the key that signs. @throws Error for an empty key ring. */
export function signerOf({ keys: [signer] }: KeyRing): string {
  if (signer === undefined) throw new Error('the key ring is empty; an issuer needs a signing key');
  return signer.kid;
}

/** The new key signs from now on; the earlier ones stay published until the tokens they signed have expired. */
export function rotate(ring: KeyRing, next: SigningKey): KeyRing {
  return { keys: [next, ...ring.keys] };
}

/**
 * Removes a key from the published set.
 *
 * @throws Error when it is the signing key: without one, no login is possible.
 */
export function withdraw(ring: KeyRing, kid: string): KeyRing {
  if (ring.keys[0]?.kid === kid) throw new Error('this key signs new tokens; rotate before you withdraw it');
  return { keys: ring.keys.filter((key) => key.kid !== kid) };
}

/** Writes the key to `<kid>.jwk.json`, readable only by its owner. This file leaks in the scene `leaked-key`. */
export async function saveSigningKey(folder: string, key: SigningKey): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, `${key.kid}.jwk.json`), JSON.stringify(key), { mode: 0o600 });
}
