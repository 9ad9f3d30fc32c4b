import { audience, claims, issuer, now, otherIssuer } from './recipes.ts';
import type { Row } from './row.ts';

export const names: Row[] = ['iss', 'sub', 'jti', 'client_id'].flatMap((name): Row[] => [
  { sends: `no ${name}`, token: claims({ [name]: undefined }), reason: 'missing_claim' },
  { sends: `an empty ${name}`, token: claims({ [name]: '' }), reason: 'invalid_claim' },
  { sends: `${name} as a number`, token: claims({ [name]: 7 }), reason: 'invalid_claim' },
  { sends: `${name} as an array`, token: claims({ [name]: ['a'] }), reason: 'invalid_claim' },
  { sends: `${name} as null`, token: claims({ [name]: null }), reason: 'invalid_claim' },
]);

export const times: Row[] = [
  ...['exp', 'iat'].flatMap((name): Row[] => [
    { sends: `no ${name}`, token: claims({ [name]: undefined }), reason: 'missing_claim' },
    { sends: `${name} as a string`, token: claims({ [name]: String(now) }), reason: 'invalid_claim' },
    { sends: `${name} as null`, token: claims({ [name]: null }), reason: 'invalid_claim' },
    { sends: `a negative ${name}`, token: claims({ [name]: -1 }), reason: 'invalid_claim' },
    { sends: `${name} of 1e308`, token: claims({ [name]: 1e308 }), reason: 'invalid_claim' },
    { sends: `${name} in milliseconds`, token: claims({ [name]: now * 1000 }), reason: 'invalid_claim' },
  ]),
  { sends: 'nbf as a string', token: claims({ nbf: 'now' }), reason: 'invalid_claim' },
  { sends: 'nbf as an array', token: claims({ nbf: [now] }), reason: 'invalid_claim' },
  { sends: 'exp one second within the tolerance', token: claims({ exp: now - 4 }), reason: 'none' },
  { sends: 'exp at the tolerance', token: claims({ exp: now - 5 }), reason: 'expired' },
  { sends: 'exp past the tolerance', token: claims({ exp: now - 6 }), reason: 'expired' },
  { sends: 'exp with a fraction', token: claims({ exp: now + 0.5 }), reason: 'none' },
  { sends: 'nbf within the tolerance', token: claims({ nbf: now + 4 }), reason: 'none' },
  { sends: 'nbf at the tolerance', token: claims({ nbf: now + 5 }), reason: 'none' },
  { sends: 'nbf past the tolerance', token: claims({ nbf: now + 6 }), reason: 'not_yet_valid' },
  { sends: 'iat at the tolerance', token: claims({ iat: now + 5 }), reason: 'none' },
  { sends: 'iat past the tolerance', token: claims({ iat: now + 6 }), reason: 'not_yet_valid' },
  { sends: 'iat with a fraction', token: claims({ iat: now - 0.5 }), reason: 'none' },
  {
    sends: 'a token of a day that is dated 5 minutes back',
    token: claims({ iat: now - 300, nbf: now - 300, exp: now + 86_400 }),
    reason: 'none',
  },
  {
    sends: 'a lifetime of one second more than a day and 5 minutes',
    token: claims({ iat: now - 300, exp: now + 86_401 }),
    reason: 'too_long_lived',
  },
  {
    sends: 'a token of the greatest age',
    bench: 'one hour at most',
    token: claims({ iat: now - 3605 }),
    reason: 'none',
  },
  {
    sends: 'a token one second older than the greatest age',
    bench: 'one hour at most',
    token: claims({ iat: now - 3606 }),
    reason: 'too_old',
  },
  {
    sends: 'an expired token with an unknown kid',
    bench: 'keys out of reach',
    token: { header: { kid: 'x' }, claims: { exp: now - 60 } },
    reason: 'expired',
  },
];

export const audiences: Row[] = [
  { sends: 'no aud', token: claims({ aud: undefined }), reason: 'missing_claim' },
  {
    sends: 'no aud, to an API that accepts any audience',
    bench: 'any audience',
    token: claims({ aud: undefined }),
    reason: 'missing_claim',
  },
  {
    sends: 'another aud, to an API that accepts any audience',
    bench: 'any audience',
    token: claims({ aud: 'https://x.test' }),
    reason: 'none',
  },
  { sends: 'an empty aud', token: claims({ aud: '' }), reason: 'wrong_audience' },
  { sends: 'aud as a number', token: claims({ aud: 1 }), reason: 'invalid_claim' },
  { sends: 'aud as an object', token: claims({ aud: {} }), reason: 'invalid_claim' },
  { sends: 'an empty array as aud', token: claims({ aud: [] }), reason: 'wrong_audience' },
  { sends: 'aud with a number in it', token: claims({ aud: [audience, 1] }), reason: 'invalid_claim' },
  { sends: 'aud with this API among others', token: claims({ aud: ['https://x.test', audience] }), reason: 'none' },
  { sends: 'aud with other APIs only', token: claims({ aud: ['https://x.test'] }), reason: 'wrong_audience' },
  { sends: 'aud with an extra slash', token: claims({ aud: `${audience}/` }), reason: 'wrong_audience' },
  { sends: 'aud in upper case', token: claims({ aud: audience.toUpperCase() }), reason: 'wrong_audience' },
  { sends: 'aud that is a prefix of this API', token: claims({ aud: 'https://api' }), reason: 'wrong_audience' },
];

export const issuers: Row[] = [
  { sends: 'another iss', token: claims({ iss: 'https://evil.test/' }), reason: 'untrusted_issuer' },
  { sends: 'iss without its final slash', token: claims({ iss: 'https://issuer.test' }), reason: 'untrusted_issuer' },
  { sends: 'iss in upper case', token: claims({ iss: issuer.toUpperCase() }), reason: 'untrusted_issuer' },
  { sends: 'iss __proto__', token: claims({ iss: '__proto__' }), reason: 'untrusted_issuer' },
  { sends: 'the first of two issuers', bench: 'two issuers', reason: 'none' },
  {
    sends: 'the second of two issuers',
    bench: 'two issuers',
    token: { claims: { iss: otherIssuer }, signer: 'other' },
    reason: 'none',
  },
  {
    sends: 'the first issuer, signed by the second',
    bench: 'two issuers',
    token: { signer: 'other' },
    reason: 'bad_signature',
  },
  {
    sends: 'the second issuer with a kid of the first',
    bench: 'two issuers',
    token: { header: { kid: 'rsa' }, claims: { iss: otherIssuer } },
    reason: 'unknown_kid',
  },
];

export const otherClaims: Row[] = [
  { sends: 'scope as a number', token: claims({ scope: 1 }), reason: 'invalid_claim' },
  { sends: 'scope as an object', token: claims({ scope: { read: true } }), reason: 'invalid_claim' },
  { sends: 'scope with a number in it', token: claims({ scope: ['read', 1] }), reason: 'invalid_claim' },
  { sends: 'an empty scope', token: claims({ scope: '' }), reason: 'none' },
  { sends: 'sid as a number', token: claims({ sid: 5 }), reason: 'invalid_claim' },
  { sends: 'an empty sid', token: claims({ sid: '' }), reason: 'invalid_claim' },
  ...['sid', 'grant_id', 'nbf', 'scope', 'cnf', 'nonce', 'at_hash', 'events'].map(
    (name): Row => ({ sends: `${name} as null`, token: claims({ [name]: null }), reason: 'none' }),
  ),
  {
    sends: 'null for the first of two alternatives',
    bench: 'okta',
    token: { header: { typ: undefined }, claims: { cid: 'client-7', uid: null } },
    reason: 'none',
  },
  {
    sends: 'null for the first of two alternatives, and a revoked second',
    bench: 'okta',
    token: { header: { typ: undefined }, claims: { cid: 'client-7', uid: null, sub: 'revoked-subject' } },
    reason: 'revoked_subject',
  },
  {
    sends: 'null for all alternatives',
    bench: 'okta',
    token: { header: { typ: undefined }, claims: { cid: 'client-7', uid: null, sub: null } },
    reason: 'missing_claim',
  },
  {
    sends: 'a null scope, which does not show that it is no ID token',
    bench: 'generic',
    token: { header: { typ: 'JWT' }, claims: { scope: null, client_id: null, auth_time: now } },
    reason: 'wrong_typ',
  },
  { sends: 'a binding with only null members', token: claims({ cnf: { jkt: null } }), reason: 'binding_mismatch' },
  { sends: 'grant_id as an array', token: claims({ grant_id: ['g'] }), reason: 'invalid_claim' },
  { sends: 'an ID token', token: claims({ at_hash: 'x' }), reason: 'wrong_typ' },
  { sends: 'a logout token', token: claims({ events: {} }), reason: 'wrong_typ' },
  { sends: 'a token bound to a key', token: claims({ cnf: { jkt: 'x' } }), reason: 'binding_mismatch' },
  { sends: 'a token bound to a certificate', token: claims({ cnf: { 'x5t#S256': 'x' } }), reason: 'binding_mismatch' },
];
