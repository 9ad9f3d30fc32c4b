import { resign, twinSignature } from '../forge.ts';
import { claims, now } from './recipes.ts';
import type { Row } from './row.ts';

export const revoked: Row[] = [
  { sends: 'a revoked token', token: claims({ jti: 'revoked-token' }), reason: 'revoked_token' },
  {
    sends: 'a revoked token under its twin signature',
    token: { claims: { jti: 'revoked-token' }, spoil: resign(twinSignature) },
    reason: 'revoked_token',
  },
  { sends: 'a revoked session', token: claims({ sid: 'revoked-session' }), reason: 'revoked_session' },
  { sends: 'a revoked grant', token: claims({ grant_id: 'revoked-grant' }), reason: 'revoked_grant' },
  { sends: 'a revoked subject', token: claims({ sub: 'revoked-subject' }), reason: 'revoked_subject' },
  { sends: 'a revoked client', token: claims({ client_id: 'revoked-client' }), reason: 'revoked_client' },
  {
    sends: 'a revoked subject at a client',
    token: claims({ sub: 'user-7', client_id: 'client-7' }),
    reason: 'revoked_subject_client',
  },
  { sends: 'the same subject at another client', token: claims({ sub: 'user-7' }), reason: 'none' },
  { sends: 'a revoked tenant', bench: 'auth0', token: claims({ org_id: 'revoked-tenant' }), reason: 'revoked_tenant' },
  { sends: 'a revoked key', token: { signer: 'leaked' }, reason: 'revoked_key' },
  {
    sends: 'a revoked issuer',
    bench: 'two issuers',
    token: { claims: { iss: 'https://closed.test/' }, signer: 'other' },
    reason: 'revoked_issuer',
  },
];

/** Tokens that were verified before, at another time. */
export const knownTokens: Row[] = [
  { sends: 'a token verified a minute before', firstSentAt: now - 60, reason: 'none' },
  {
    sends: 'a known token that has expired meanwhile',
    firstSentAt: now - 60,
    token: claims({ exp: now - 5 }),
    reason: 'expired',
  },
  {
    sends: 'a known token that has become too old meanwhile',
    firstSentAt: now - 60,
    token: claims({ iat: now - 3606 }),
    reason: 'too_old',
  },
  {
    sends: 'a known token after the clock was set back before its nbf',
    firstSentAt: now + 60,
    token: claims({ nbf: now + 30 }),
    reason: 'not_yet_valid',
  },
  {
    sends: 'a known token that is revoked',
    firstSentAt: now - 60,
    token: claims({ jti: 'revoked-token' }),
    reason: 'revoked_token',
  },
  {
    sends: 'a known token that was revoked',
    bench: 'revoked meanwhile',
    firstSentAt: now - 60,
    reason: 'revoked_token',
  },
  {
    sends: 'a known token beside another one',
    firstSentAt: now - 60,
    firstSentAs: { authorization: 'Bearer {token}' },
    authorization: ['Bearer {token}', 'Bearer another'],
    reason: 'multiple_tokens',
  },
  { sends: 'a known token of a removed key', bench: 'key removed', firstSentAt: now - 60, reason: 'unknown_kid' },
  {
    sends: 'a known token of a removed issuer',
    bench: 'tenant removed',
    firstSentAt: now - 60,
    reason: 'untrusted_issuer',
  },
  {
    sends: 'a known token while the denylist is stale',
    bench: 'stale',
    firstSentAt: now - 60,
    reason: 'denylist_unavailable',
  },
].map((row): Row => ({ bench: 'seen before', ...row }) as Row);
