import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export const signingAlgorithm = 'ES256';

/** A private JWK with its `kid` (the RFC 7638 thumbprint). */
export type SigningKey = JWK & { readonly kid: string };

/** The keys an authorization server publishes, the one that signs first. */
export interface KeyRing {
  readonly keys: readonly SigningKey[];
}

export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(signingAlgorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: signingAlgorithm, use: 'sig' };
}

/** The kid of the key that signs. @throws Error when there is none. */
export function signerOf({ keys: [signer] }: KeyRing): string {
  if (signer === undefined) throw new Error('an issuer needs a key to sign with');
  return signer.kid;
}

/** The new key signs from now on; the earlier ones stay published until the tokens they signed have expired. */
export function rotate(ring: KeyRing, next: SigningKey): KeyRing {
  return { keys: [next, ...ring.keys] };
}

/**
 * Takes a key out of the published set.
 *
 * @throws Error when it is the one that signs: rotate first, otherwise no login is possible.
 */
export function withdraw(ring: KeyRing, kid: string): KeyRing {
  if (ring.keys[0]?.kid === kid) throw new Error('this key still signs: rotate before withdrawing it');
  return { keys: ring.keys.filter((key) => key.kid !== kid) };
}

/** One file a key, `<kid>.jwk.json`, readable by its owner only. This is the file that leaks in the scene of that name. */
export async function saveSigningKey(folder: string, key: SigningKey): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, `${key.kid}.jwk.json`), JSON.stringify(key), { mode: 0o600 });
}
