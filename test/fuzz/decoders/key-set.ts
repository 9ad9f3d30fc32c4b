import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { parseKeySet } from '../../../packages/middleware/src/jwks/parse-key-set.ts';
import { readPublishedObject } from '../../../packages/middleware/src/token/json.ts';
import type { Decoder } from '../decoder.ts';
import { json } from './samples.ts';

const publicJwk = ({ publicKey }: { publicKey: { export(options: { format: 'jwk' }): JsonWebKey } }): JsonWebKey =>
  publicKey.export({ format: 'jwk' });

const keys = [
  { ...publicJwk(generateKeyPairSync('ec', { namedCurve: 'P-256' })), kid: 'ec', alg: 'ES256', use: 'sig' },
  { ...publicJwk(generateKeyPairSync('rsa', { modulusLength: 2048 })), kid: 'rsa', key_ops: ['verify'] },
  { ...publicJwk(generateKeyPairSync('ed25519')), kid: 'ed' },
  { kty: 'oct', k: 'AAAA', kid: 'oct' },
];

/** The document of an issuer with its keys. */
export const keySet: Decoder = {
  name: 'key-set',
  seeds: [json({ keys }), ...keys.map((key) => json({ keys: [key] }))],
  format: 'json',
  decode(input) {
    const parsed = parseKeySet(readPublishedObject(input), 100);
    return parsed.ok ? parsed : undefined;
  },
};
