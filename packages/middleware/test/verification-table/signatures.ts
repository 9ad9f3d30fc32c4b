import { derSignature, resign, twinSignature } from '../forge.ts';
import { flipped, json, part, spoiled, usualClaims } from './recipes.ts';
import type { Row } from './row.ts';

export const signatures: Row[] = [
  { sends: 'a signature of another key', token: { signer: 'other' }, reason: 'bad_signature' },
  { sends: 'a truncated signature', token: spoiled(resign((bytes) => bytes.subarray(0, 63))), reason: 'bad_signature' },
  {
    sends: 'a signature with one byte too many',
    token: spoiled(resign((bytes) => Buffer.concat([bytes, Buffer.of(0)]))),
    reason: 'bad_signature',
  },
  { sends: 'a flipped bit', token: spoiled(resign(flipped)), reason: 'bad_signature' },
  { sends: 'r = s = 0', token: spoiled(resign(() => Buffer.alloc(64))), reason: 'bad_signature' },
  { sends: 'DER in place of r and s', token: spoiled(resign(derSignature)), reason: 'bad_signature' },
  { sends: 'the twin signature (r, n - s)', token: spoiled(resign(twinSignature)), reason: 'none' },
  {
    sends: 'changed claims',
    token: part(1, () => Buffer.from(json({ ...usualClaims, sub: 'admin' })).toString('base64url')),
    reason: 'bad_signature',
  },
  {
    sends: 'a forged token with a revoked id',
    token: { claims: { jti: 'revoked-token' }, signer: 'other' },
    reason: 'bad_signature',
  },
];
