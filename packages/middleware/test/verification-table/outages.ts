import { resign, thumbprintOf } from '../forge.ts';
import { claims, flipped, header, now } from './recipes.ts';
import type { Row } from './row.ts';

export const outages: Row[] = [
  { sends: 'a good token, with keys that are fetched', bench: 'remote keys', reason: 'none' },
  {
    sends: 'a kid that the issuer does not have',
    bench: 'remote keys',
    token: header({ kid: 'x' }),
    reason: 'unknown_kid',
  },
  { sends: 'a good token of a known key', bench: 'remote keys, budget spent', reason: 'none' },
  {
    sends: 'an unknown kid that no refresh may look for yet',
    bench: 'remote keys, budget spent',
    token: header({ kid: 'absent' }),
    reason: 'unknown_kid_throttled',
  },
  {
    sends: 'an issuer that the hook may not be called for yet',
    bench: 'tenants, budget spent',
    reason: 'unknown_issuer_throttled',
  },
  {
    sends: 'an issuer that is no URL',
    bench: 'tenants, budget spent',
    token: claims({ iss: 'tenant-1' }),
    reason: 'untrusted_issuer',
  },
  { sends: 'ES256', bench: 'slow checks busy', reason: 'none' },
  { sends: 'ES384', bench: 'slow checks busy', token: { signer: 'p384' }, reason: 'signature_throttled' },
  {
    sends: 'a forged ES384',
    bench: 'slow checks busy',
    token: { signer: 'p384', spoil: resign(flipped) },
    reason: 'signature_throttled',
  },
  {
    sends: 'ES384 with a short signature',
    bench: 'slow checks busy',
    token: { signer: 'p384', spoil: resign((signature) => signature.subarray(1)) },
    reason: 'bad_signature',
  },
  {
    sends: 'a proof of ES384',
    bench: 'slow checks busy',
    authorization: 'DPoP {token}',
    token: claims({ cnf: { jkt: thumbprintOf('p384') } }),
    proof: { signer: 'p384' },
    reason: 'signature_throttled',
  },
  { sends: 'a good token while keys cannot be fetched', bench: 'keys out of reach', reason: 'jwks_unavailable' },
  { sends: 'a good token while the denylist is stale', bench: 'stale', reason: 'denylist_unavailable' },
  {
    sends: 'a revoked token while the denylist is stale',
    bench: 'stale',
    token: claims({ jti: 'revoked-token' }),
    reason: 'revoked_token',
  },
  {
    sends: 'a bad token while the denylist is stale',
    bench: 'stale',
    token: { signer: 'other' },
    reason: 'bad_signature',
  },
  {
    sends: 'a good token while the denylist is stale, with the policy accept',
    bench: 'stale, accepting',
    reason: 'none',
  },
  { sends: 'a token of the second in which the log restarted', bench: 'log restarted', reason: 'too_old' },
  {
    sends: 'a token of the second after the restart of the log',
    bench: 'log restarted',
    token: claims({ iat: now - 59 }),
    reason: 'none',
  },
  { sends: 'a good token, and the look-up throws', bench: 'broken', reason: 'internal_error' },
];
