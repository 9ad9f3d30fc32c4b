import { createHash } from 'node:crypto';
import { readKeys } from '../../src/families/token/keys.ts';

export const issuer = 'https://login.example.com/';

/** A secret for tests: 32 bytes that look random. */
export function secretOf(name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(name).digest());
}

export const testKeys = readKeys([{ id: 1, secret: secretOf('key 1') }], issuer);
