import { hash } from 'node:crypto';
import type { Reason } from '../src/errors.ts';
import {
  derSignature,
  oversizedJwk,
  type ProofRecipe,
  publicJwk,
  type Recipe,
  resign,
  thumbprintOf,
  twinSignature,
} from './forge.ts';

/** The verifier that a row is sent to; created in verification-bench.ts. */
export type BenchName =
  | 'plain'
  | 'two issuers'
  | 'one hour at most'
  | 'any audience'
  | 'ES256 only'
  | 'generic'
  | 'keycloak'
  | 'auth0'
  | 'okta'
  | 'entra'
  | 'cognito'
  | 'remote keys'
  | 'keys out of reach'
  | 'remote keys, budget spent'
  | 'tenants, budget spent'
  | 'slow checks busy'
  | 'seen before'
  | 'revoked meanwhile'
  | 'key removed'
  | 'tenant removed'
  | 'stale'
  | 'stale, accepting'
  | 'proofs'
  | 'proofs with nonces'
  | 'proofs only'
  | 'proofs, memory full'
  | 'proofs, store out of reach'
  | 'certificates from a proxy'
  | 'certificates from another proxy'
  | 'log restarted'
  | 'broken';

export type GuardName = 'scope' | 'any scope' | 'claims' | 'acr' | 'recent';

/** One request: what is sent, and the reason of the refusal (`none`: accepted). */
export interface Row {
  readonly sends: string;
  readonly reason: Reason | 'none';
  readonly bench?: BenchName;
  readonly token?: Recipe;
  /** `{token}` is replaced by the token; a list: several fields; null: no field. Default `Bearer {token}`. */
  readonly authorization?: string | readonly string[] | null;
  /** Other header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** A DPoP proof for this request, in a field of its own; also replaces `{proof}` in `headers`. */
  readonly proof?: ProofRecipe;
  /** The second in which the same token was sent before, twice. */
  readonly firstSentAt?: number;
  /** How it was sent before, where that is different. */
  readonly firstSentAs?: Pick<Row, 'authorization' | 'headers'>;
  /** Only over HTTP. */
  readonly guard?: GuardName;
}

/** The second in which every row is sent. */
export const nowSeconds = Date.UTC(2026, 0, 1) / 1000;
const now = nowSeconds;

export const issuer = 'https://issuer.test/';
export const otherIssuer = 'https://other.test/';
export const audience = 'https://api.test';

/** The claims of a token, unless its row has others. */
export const usualClaims = {
  iss: issuer,
  aud: audience,
  sub: 'user-1',
  client_id: 'client-1',
  jti: 'token-1',
  iat: now - 60,
  exp: now + 240,
};

const claims = (changes: Record<string, unknown>): Recipe => ({ claims: changes });
const header = (changes: Record<string, unknown>): Recipe => ({ header: changes });
const spoiled = (spoil: (token: string) => string): Recipe => ({ spoil });
const part = (index: number, replace: (text: string) => string) =>
  spoiled((token) =>
    token
      .split('.')
      .map((text, at) => (at === index ? replace(text) : text))
      .join('.'),
  );
const json = JSON.stringify;

const requests: Row[] = [
  { sends: 'a good token', reason: 'none' },
  { sends: 'no Authorization field', authorization: null, reason: 'missing_token' },
  { sends: 'an empty field', authorization: '', reason: 'malformed_request' },
  { sends: 'Basic', authorization: 'Basic dXNlcjpwYXNz', reason: 'unsupported_scheme' },
  { sends: 'Digest', authorization: 'Digest username=x', reason: 'unsupported_scheme' },
  { sends: 'DPoP', authorization: 'DPoP {token}', reason: 'unsupported_scheme' },
  { sends: 'the token without a scheme', authorization: '{token}', reason: 'unsupported_scheme' },
  { sends: 'Bearer alone', authorization: 'Bearer', reason: 'malformed_request' },
  { sends: 'bearer in lower case', authorization: 'bearer {token}', reason: 'none' },
  { sends: 'BEARER in upper case', authorization: 'BEARER {token}', reason: 'none' },
  { sends: 'bEaReR in mixed case', authorization: 'bEaReR {token}', reason: 'none' },
  { sends: 'two spaces', authorization: 'Bearer  {token}', reason: 'none' },
  { sends: 'a tab', authorization: 'Bearer\t{token}', reason: 'malformed_request' },
  { sends: 'a trailing word', authorization: 'Bearer {token} again', reason: 'malformed_request' },
  { sends: 'a trailing comma', authorization: 'Bearer {token},', reason: 'malformed_request' },
  { sends: 'two tokens in one field', authorization: 'Bearer {token}, Bearer {token}', reason: 'malformed_request' },
  { sends: 'a quoted token', authorization: 'Bearer "{token}"', reason: 'malformed_request' },
  { sends: 'a colon after the scheme', authorization: 'Bearer: {token}', reason: 'malformed_request' },
  { sends: 'an equals sign after the scheme', authorization: 'Bearer={token}', reason: 'malformed_request' },
  { sends: 'letters outside of ASCII', authorization: 'Bearer t\u00f6k\u00e9n', reason: 'malformed_request' },
  { sends: 'more than 8 KiB', authorization: `Bearer ${'a'.repeat(8200)}`, reason: 'token_too_large' },
  { sends: 'two fields', authorization: ['Bearer {token}', 'Bearer {token}'], reason: 'multiple_tokens' },
  {
    sends: 'a second field of another scheme',
    authorization: ['Bearer {token}', 'Basic eA=='],
    reason: 'multiple_tokens',
  },
  { sends: 'a token in the query', authorization: null, query: 'access_token={token}', reason: 'missing_token' },
  {
    sends: 'a token in a cookie',
    authorization: null,
    headers: { cookie: 'access_token={token}' },
    reason: 'missing_token',
  },
  {
    sends: 'a token in another field',
    authorization: null,
    headers: { 'x-access-token': '{token}' },
    reason: 'missing_token',
  },
];

const structure: Row[] = [
  { sends: 'one part', authorization: 'Bearer abc', reason: 'malformed_token' },
  { sends: 'two parts', token: spoiled((token) => token.split('.').slice(0, 2).join('.')), reason: 'malformed_token' },
  { sends: 'four parts', token: spoiled((token) => `${token}.YQ`), reason: 'malformed_token' },
  { sends: 'five parts, as if encrypted', token: spoiled((token) => `${token}.YQ.YQ`), reason: 'malformed_token' },
  { sends: 'two dots', authorization: 'Bearer ..', reason: 'malformed_token' },
  { sends: 'an empty header', token: part(0, () => ''), reason: 'malformed_token' },
  { sends: 'empty claims', token: part(1, () => ''), reason: 'malformed_token' },
  { sends: 'an empty signature', token: part(2, () => ''), reason: 'malformed_token' },
  { sends: 'padding', token: spoiled((token) => `${token}=`), reason: 'malformed_token' },
  { sends: 'a plus sign', token: part(2, (text) => `+${text.slice(1)}`), reason: 'malformed_token' },
  { sends: 'a slash', token: part(2, (text) => `/${text.slice(1)}`), reason: 'malformed_token' },
  { sends: 'a second spelling of the last character', token: part(2, secondSpelling), reason: 'malformed_token' },
  { sends: 'a header that is an array', token: { header: '[]' }, reason: 'malformed_token' },
  { sends: 'a header that is not JSON', token: { header: '{"alg"' }, reason: 'malformed_token' },
  { sends: 'claims that are an array', token: { claims: '[]' }, reason: 'malformed_token' },
  { sends: 'claims that are null', token: { claims: 'null' }, reason: 'malformed_token' },
  { sends: 'claims that are a string', token: { claims: '"sub"' }, reason: 'malformed_token' },
  {
    sends: 'claims followed by another character',
    token: { claims: `${json(usualClaims)}x` },
    reason: 'malformed_token',
  },
  {
    sends: 'claims after a byte order mark',
    token: { claims: `\ufeff${json(usualClaims)}` },
    reason: 'malformed_token',
  },
  {
    sends: 'claims in broken UTF-8',
    token: { claims: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d) },
    reason: 'malformed_token',
  },
  { sends: 'a claim twice', token: { claims: twice('"sub":"user-2"') }, reason: 'malformed_token' },
  { sends: 'a claim twice, once escaped', token: { claims: twice('"\\u0073ub":"user-2"') }, reason: 'malformed_token' },
  {
    sends: 'a nested member twice',
    token: { claims: twice('"act":{"sub":"a","sub":"b"}') },
    reason: 'malformed_token',
  },
  { sends: 'a claim __proto__', token: { claims: twice('"__proto__":{"sub":"admin"}') }, reason: 'malformed_token' },
  {
    sends: 'claims 40 levels deep',
    token: { claims: twice(`"deep":${'['.repeat(40)}${']'.repeat(40)}`) },
    reason: 'malformed_token',
  },
  {
    sends: 'alg twice',
    token: { header: '{"alg":"none","alg":"ES256","kid":"es","typ":"at+jwt"}' },
    reason: 'malformed_token',
  },
];

const headers: Row[] = [
  {
    sends: 'a good RS256 token where only ES256 is allowed',
    bench: 'ES256 only',
    token: { signer: 'rsa' },
    reason: 'alg_not_allowed',
  },
  {
    sends: 'alg none while no key can be fetched',
    bench: 'keys out of reach',
    token: header({ alg: 'none' }),
    reason: 'alg_not_allowed',
  },
  { sends: 'no alg', token: header({ alg: undefined }), reason: 'malformed_token' },
  { sends: 'alg as a number', token: header({ alg: 256 }), reason: 'malformed_token' },
  { sends: 'alg none', token: header({ alg: 'none' }), reason: 'alg_not_allowed' },
  { sends: 'alg nOnE', token: header({ alg: 'nOnE' }), reason: 'alg_not_allowed' },
  { sends: 'an empty alg', token: header({ alg: '' }), reason: 'alg_not_allowed' },
  { sends: 'alg in lower case', token: header({ alg: 'es256' }), reason: 'alg_not_allowed' },
  {
    sends: 'HS256 with the public key',
    token: { header: { alg: 'HS256' }, signer: 'hmac' },
    reason: 'alg_not_allowed',
  },
  { sends: 'ES256K', token: header({ alg: 'ES256K' }), reason: 'alg_not_allowed' },
  { sends: 'an algorithm of another kind of key', token: header({ alg: 'RS256' }), reason: 'alg_not_allowed' },
  { sends: 'ES256 with a P-384 key', token: { header: { alg: 'ES256' }, signer: 'p384' }, reason: 'alg_not_allowed' },
  { sends: 'ES384 with a P-384 key', token: { signer: 'p384' }, reason: 'none' },
  { sends: 'RS256', token: { signer: 'rsa' }, reason: 'none' },
  { sends: 'EdDSA', token: { signer: 'ed' }, reason: 'none' },
  { sends: 'an unknown crit', token: header({ crit: ['exp'] }), reason: 'unsupported_crit' },
  { sends: 'an empty crit', token: header({ crit: [] }), reason: 'unsupported_crit' },
  { sends: 'b64 false', token: header({ b64: false }), reason: 'unsupported_crit' },
  {
    sends: 'no kid where one of several keys fits',
    token: { header: { kid: undefined }, signer: 'ed' },
    reason: 'none',
  },
  { sends: 'no kid where two keys fit', token: header({ kid: undefined }), reason: 'missing_kid' },
  { sends: 'kid as a number', token: header({ kid: 1 }), reason: 'malformed_token' },
  { sends: 'kid as an object', token: header({ kid: {} }), reason: 'malformed_token' },
  { sends: 'a kid of 300 characters', token: header({ kid: 'k'.repeat(300) }), reason: 'malformed_token' },
  { sends: 'a kid of 10 kB', token: header({ kid: 'k'.repeat(10_000) }), reason: 'token_too_large' },
  { sends: 'a kid that is a path', token: header({ kid: '../../dev/null' }), reason: 'unknown_kid' },
  { sends: 'a kid __proto__', token: header({ kid: '__proto__' }), reason: 'unknown_kid' },
  { sends: 'a kid in upper case', token: header({ kid: 'ES' }), reason: 'unknown_kid' },
  { sends: 'the kid of a weak key', token: { signer: 'weak' }, reason: 'key_not_usable' },
  { sends: 'the kid of an encryption key', token: header({ kid: 'enc' }), reason: 'key_not_usable' },
  { sends: 'a kid that two keys share', token: header({ kid: 'twice' }), reason: 'key_not_usable' },
  { sends: 'no typ', token: header({ typ: undefined }), reason: 'wrong_typ' },
  { sends: 'typ JWT', token: header({ typ: 'JWT' }), reason: 'wrong_typ' },
  { sends: 'typ of a logout token', token: header({ typ: 'logout+jwt' }), reason: 'wrong_typ' },
  { sends: 'typ of a DPoP proof', token: header({ typ: 'dpop+jwt' }), reason: 'wrong_typ' },
  { sends: 'typ as a media type', token: header({ typ: 'application/at+jwt' }), reason: 'none' },
  { sends: 'typ in upper case', token: header({ typ: 'AT+JWT' }), reason: 'none' },
  { sends: 'typ with a prefix', token: header({ typ: 'xat+jwt' }), reason: 'wrong_typ' },
  { sends: 'typ as a number', token: header({ typ: 1 }), reason: 'malformed_token' },
  { sends: 'cty JWT', token: header({ cty: 'JWT' }), reason: 'wrong_typ' },
  { sends: 'cty jwt as a media type', token: header({ cty: 'application/jwt' }), reason: 'wrong_typ' },
  { sends: 'another cty', token: header({ cty: 'application/json' }), reason: 'none' },
  { sends: 'an empty cty', token: header({ cty: '' }), reason: 'none' },
  { sends: 'cty as a number', token: header({ cty: 1 }), reason: 'malformed_token' },
  {
    sends: 'a key of the sender in jwk',
    token: { header: { jwk: publicJwk('other') }, signer: 'other' },
    reason: 'bad_signature',
  },
  {
    sends: 'a key set of the sender in jku',
    token: { header: { jku: 'https://evil.test/' }, signer: 'other' },
    reason: 'bad_signature',
  },
];

const signatures: Row[] = [
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

const names: Row[] = ['iss', 'sub', 'jti', 'client_id'].flatMap((name): Row[] => [
  { sends: `no ${name}`, token: claims({ [name]: undefined }), reason: 'missing_claim' },
  { sends: `an empty ${name}`, token: claims({ [name]: '' }), reason: 'invalid_claim' },
  { sends: `${name} as a number`, token: claims({ [name]: 7 }), reason: 'invalid_claim' },
  { sends: `${name} as an array`, token: claims({ [name]: ['a'] }), reason: 'invalid_claim' },
  { sends: `${name} as null`, token: claims({ [name]: null }), reason: 'invalid_claim' },
]);

const times: Row[] = [
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

const audiences: Row[] = [
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

const issuers: Row[] = [
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

const otherClaims: Row[] = [
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

const revoked: Row[] = [
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
const knownTokens: Row[] = [
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

const profiled: Row[] = [
  {
    sends: 'typ JWT, with few claims',
    bench: 'generic',
    token: { header: { typ: 'JWT' }, claims: { jti: undefined, client_id: undefined, scope: 'read' } },
    reason: 'none',
  },
  {
    sends: 'no client, and nothing of a sign-in',
    bench: 'generic',
    token: { header: { typ: 'JWT' }, claims: { jti: undefined, client_id: undefined } },
    reason: 'none',
  },
  {
    sends: 'no typ, scp as an array',
    bench: 'generic',
    token: { header: { typ: undefined }, claims: { scp: ['read'] } },
    reason: 'none',
  },
  {
    sends: 'an ID token without typ',
    bench: 'generic',
    token: { header: { typ: undefined }, claims: { at_hash: 'x' } },
    reason: 'wrong_typ',
  },
  { sends: 'no subject', bench: 'generic', token: claims({ sub: undefined }), reason: 'missing_claim' },
  {
    sends: 'a Keycloak token',
    bench: 'keycloak',
    token: { header: { typ: 'JWT' }, claims: { typ: 'Bearer', azp: 'spa', client_id: undefined } },
    reason: 'none',
  },
  {
    sends: 'a Keycloak ID token',
    bench: 'keycloak',
    token: { header: { typ: 'JWT' }, claims: { typ: 'ID', azp: 'spa' } },
    reason: 'wrong_typ',
  },
  {
    sends: 'a Keycloak token without azp',
    bench: 'keycloak',
    token: { header: { typ: 'JWT' }, claims: { typ: 'Bearer' } },
    reason: 'missing_claim',
  },
  {
    sends: 'a revoked Keycloak client',
    bench: 'keycloak',
    token: { header: { typ: 'JWT' }, claims: { typ: 'Bearer', azp: 'revoked-client' } },
    reason: 'revoked_client',
  },
  {
    sends: 'an Auth0 token',
    bench: 'auth0',
    token: {
      header: { typ: 'JWT' },
      claims: { azp: 'spa', client_id: undefined, jti: undefined, permissions: ['read'] },
    },
    reason: 'none',
  },
  {
    sends: 'an Okta token',
    bench: 'okta',
    token: { header: { typ: undefined }, claims: { cid: 'spa', uid: '00u1', scp: ['read'], client_id: undefined } },
    reason: 'none',
  },
  {
    sends: 'a revoked Okta user',
    bench: 'okta',
    token: { header: { typ: undefined }, claims: { cid: 'spa', uid: 'revoked-subject' } },
    reason: 'revoked_subject',
  },
  { sends: 'an Okta token without cid', bench: 'okta', token: { header: { typ: undefined } }, reason: 'missing_claim' },
  {
    sends: 'an Entra token',
    bench: 'entra',
    token: {
      header: { typ: 'JWT' },
      claims: { iss: 'https://login.test/t-1/v2.0', tid: 't-1', uti: 'u', oid: 'o', azp: 'spa', jti: undefined },
    },
    reason: 'none',
  },
  {
    sends: 'an Entra token of a tenant not listed',
    bench: 'entra',
    token: { header: { typ: 'JWT' }, claims: { iss: 'https://login.test/t-3/v2.0', tid: 't-3', uti: 'u', oid: 'o' } },
    reason: 'untrusted_issuer',
  },
  {
    sends: 'a Cognito token',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'access', client_id: audience, aud: undefined } },
    reason: 'none',
  },
  {
    sends: 'a Cognito ID token',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'id', client_id: audience } },
    reason: 'wrong_typ',
  },
  {
    sends: 'a Cognito token of another client',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'access', client_id: 'x', aud: undefined } },
    reason: 'wrong_audience',
  },
  {
    sends: 'a Cognito token for this API as a resource',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'access', client_id: 'x' } },
    reason: 'none',
  },
  {
    sends: 'a Cognito token for another resource and of another client',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'access', client_id: 'x', aud: 'https://x.test' } },
    reason: 'wrong_audience',
  },
];

const boundToken: Recipe = claims(bound());
const dpop = { bench: 'proofs', authorization: 'DPoP {token}', token: boundToken, proof: {} } as const;
const proofClaims = (changes: Record<string, unknown>): ProofRecipe => ({ claims: changes });
const proofHeader = (changes: Record<string, unknown>): ProofRecipe => ({ header: changes });
const { proof: _proof, ...withoutProof } = dpop;

const proofs: Row[] = [
  { ...dpop, sends: 'a bound token with its proof', reason: 'none' },
  { ...dpop, sends: 'the scheme in lower case', authorization: 'dpop {token}', reason: 'none' },
  {
    ...dpop,
    sends: 'a bearer token where proofs are accepted',
    authorization: 'Bearer {token}',
    token: {},
    reason: 'none',
  },
  { ...dpop, sends: 'a bound token as Bearer', authorization: 'Bearer {token}', reason: 'binding_mismatch' },
  { ...dpop, sends: 'an unbound token under DPoP', token: {}, reason: 'binding_mismatch' },
  { ...withoutProof, sends: 'no proof', reason: 'dpop_invalid' },
  { ...withoutProof, sends: 'an empty proof', headers: { dpop: '' }, reason: 'dpop_invalid' },
  { ...dpop, sends: 'two proofs in one field', headers: { dpop: '{proof}, {proof}' }, reason: 'dpop_invalid' },
  { ...withoutProof, sends: 'the token itself as proof', headers: { dpop: '{token}' }, reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof of another key', proof: { signer: 'other' }, reason: 'binding_mismatch' },
  {
    ...dpop,
    sends: 'a proof with the bound key, signed by another key',
    proof: { signer: 'other', header: { jwk: publicJwk('es') } },
    reason: 'dpop_invalid',
  },
  { ...dpop, sends: 'a proof with a flipped bit', proof: { spoil: resign(flipped) }, reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof of typ JWT', proof: proofHeader({ typ: 'JWT' }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof of alg none', proof: proofHeader({ alg: 'none' }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof of alg HS256', proof: proofHeader({ alg: 'HS256' }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof without its key', proof: proofHeader({ jwk: undefined }), reason: 'dpop_invalid' },
  {
    ...dpop,
    sends: 'a proof with a private key',
    proof: proofHeader({ jwk: { ...publicJwk('es'), d: 'AAAA' } }),
    reason: 'dpop_invalid',
  },
  { ...dpop, sends: 'a proof with crit', proof: proofHeader({ crit: ['x'] }), reason: 'dpop_invalid' },
  {
    ...dpop,
    sends: 'a proof with a weak key',
    token: claims({ cnf: { jkt: thumbprintOf('weak') } }),
    proof: { signer: 'weak' },
    reason: 'dpop_invalid',
  },
  {
    ...dpop,
    sends: 'a proof with an oversized key',
    token: claims({ cnf: { jkt: thumbprintOf(oversizedJwk) } }),
    proof: proofHeader({ alg: 'RS256', jwk: oversizedJwk }),
    reason: 'dpop_invalid',
  },
  {
    ...dpop,
    sends: 'a proof with a key that the token is not bound to and that is on no curve',
    proof: proofHeader({ jwk: { ...publicJwk('es'), y: publicJwk('other')['y'] } }),
    reason: 'binding_mismatch',
  },
  { sends: 'the kid of an oversized key', token: header({ alg: 'RS256', kid: 'oversized' }), reason: 'key_not_usable' },
  { ...dpop, sends: 'a proof without jti', proof: proofClaims({ jti: undefined }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof with an empty jti', proof: proofClaims({ jti: '' }), reason: 'dpop_invalid' },
  {
    ...dpop,
    sends: 'a proof with a jti of 300 letters',
    proof: proofClaims({ jti: 'j'.repeat(300) }),
    reason: 'dpop_invalid',
  },
  { ...dpop, sends: 'a proof for POST', proof: proofClaims({ htm: 'POST' }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof for get', proof: proofClaims({ htm: 'get' }), reason: 'dpop_invalid' },
  {
    ...dpop,
    sends: 'a proof for another path',
    proof: proofClaims({ htu: `${audience}/other` }),
    reason: 'dpop_invalid',
  },
  {
    ...dpop,
    sends: 'a proof for another host',
    proof: proofClaims({ htu: 'https://x.test/' }),
    reason: 'dpop_invalid',
  },
  {
    ...dpop,
    sends: 'a proof for the host in the Host field',
    headers: { host: 'evil.test', 'x-forwarded-host': 'evil.test' },
    proof: proofClaims({ htu: 'https://evil.test/' }),
    reason: 'dpop_invalid',
  },
  {
    ...dpop,
    sends: 'a proof with dot segments',
    proof: proofClaims({ htu: `${audience}/a/..` }),
    reason: 'dpop_invalid',
  },
  { ...dpop, sends: 'a proof over http', proof: proofClaims({ htu: 'http://api.test/' }), reason: 'dpop_invalid' },
  {
    ...dpop,
    sends: 'a proof with another spelling of the same URI',
    proof: proofClaims({ htu: 'HTTPS://API.test:443/?q#f' }),
    reason: 'none',
  },
  { ...dpop, sends: 'a request with a query that is not in the proof', query: 'page=2', reason: 'none' },
  { ...dpop, sends: 'a proof without htu', proof: proofClaims({ htu: undefined }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof without ath', proof: proofClaims({ ath: undefined }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof for another token', proof: proofClaims({ ath: 'x' }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof without iat', proof: proofClaims({ iat: undefined }), reason: 'dpop_invalid' },
  { ...dpop, sends: 'a proof of the greatest age', proof: proofClaims({ iat: now - 65 }), reason: 'none' },
  {
    ...dpop,
    sends: 'a proof one second older than that',
    proof: proofClaims({ iat: now - 66 }),
    reason: 'dpop_invalid',
  },
  { ...dpop, sends: 'a proof as far in the future as allowed', proof: proofClaims({ iat: now + 5 }), reason: 'none' },
  {
    ...dpop,
    sends: 'a proof one second further in the future',
    proof: proofClaims({ iat: now + 6 }),
    reason: 'dpop_invalid',
  },
  {
    ...dpop,
    sends: 'a proof that was used before',
    firstSentAt: now,
    proof: proofClaims({ jti: 'used-before' }),
    reason: 'dpop_replay',
  },
  {
    ...dpop,
    sends: 'a proof in ES384',
    token: claims({ cnf: { jkt: thumbprintOf('p384') } }),
    proof: { signer: 'p384' },
    reason: 'none',
  },
  {
    ...dpop,
    sends: 'a revoked token with a good proof',
    token: { claims: { ...bound(), jti: 'revoked-token' } },
    reason: 'revoked_token',
  },
  {
    ...dpop,
    sends: 'an expired token with a good proof',
    token: { claims: { ...bound(), exp: now - 60 } },
    reason: 'expired',
  },
  { ...dpop, sends: 'one proof too many', bench: 'proofs, memory full', reason: 'dpop_throttled' },
  {
    ...dpop,
    sends: 'a proof of another key than the one that sent too many',
    bench: 'proofs, memory full',
    token: claims({ cnf: { jkt: thumbprintOf('other') } }),
    proof: { signer: 'other' },
    reason: 'none',
  },
  { ...dpop, sends: 'no nonce', bench: 'proofs with nonces', reason: 'dpop_nonce' },
  {
    ...dpop,
    sends: 'an invented nonce',
    bench: 'proofs with nonces',
    proof: proofClaims({ nonce: 'x' }),
    reason: 'dpop_nonce',
  },
  { ...dpop, sends: 'a proof where proofs are required', bench: 'proofs only', reason: 'none' },
  {
    sends: 'a bearer token where proofs are required',
    bench: 'proofs only',
    reason: 'unsupported_scheme',
  },
  {
    ...dpop,
    sends: 'a good proof while the replay store cannot be reached',
    bench: 'proofs, store out of reach',
    reason: 'denylist_unavailable',
  },
];

const certificate = Buffer.from('what a certificate would be');
const certified = (changes: object = {}): Recipe =>
  claims({ cnf: { 'x5t#S256': hash('sha256', certificate, 'base64url'), ...changes } });
const clientCert = `:${certificate.toString('base64')}:`;
const pem = encodeURIComponent(
  `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
);
const byProxy = { bench: 'certificates from a proxy', token: certified() } as const;

const certificates: Row[] = [
  { ...byProxy, sends: 'the certificate of the token', headers: { 'client-cert': clientCert }, reason: 'none' },
  { ...byProxy, sends: 'the certificate of the token as PEM', headers: { 'client-cert': pem }, reason: 'none' },
  { ...byProxy, sends: 'no certificate', reason: 'binding_mismatch' },
  {
    ...byProxy,
    sends: 'no certificate after the certificate of the token',
    firstSentAt: now,
    firstSentAs: { headers: { 'client-cert': clientCert } },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'another certificate',
    headers: { 'client-cert': `:${Buffer.from('another').toString('base64')}:` },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'a value that is not a certificate',
    headers: { 'client-cert': '%%%' },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'the certificate from a proxy that is not trusted',
    bench: 'certificates from another proxy',
    headers: { 'client-cert': clientCert },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'the certificate where no header is configured',
    bench: 'plain',
    headers: { 'client-cert': clientCert },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'the certificate for a token that is also bound to a key',
    token: certified({ jkt: thumbprintOf('es') }),
    headers: { 'client-cert': clientCert },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'a token bound by an unknown method',
    token: certified({ kid: 'x' }),
    headers: { 'client-cert': clientCert },
    reason: 'binding_mismatch',
  },
];

const outages: Row[] = [
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

const guarded: Row[] = [
  {
    sends: 'all required scopes',
    guard: 'scope',
    token: claims({ scope: 'a orders:write orders:read' }),
    reason: 'none',
  },
  { sends: 'one of two scopes', guard: 'scope', token: claims({ scope: 'orders:read' }), reason: 'insufficient_scope' },
  {
    sends: 'a scope that is a prefix',
    guard: 'scope',
    token: claims({ scope: 'orders:rea orders:write' }),
    reason: 'insufficient_scope',
  },
  { sends: 'no scope claim', guard: 'scope', reason: 'insufficient_scope' },
  { sends: 'any of two scopes', guard: 'any scope', token: claims({ scope: 'orders:read' }), reason: 'none' },
  { sends: 'none of two scopes', guard: 'any scope', token: claims({ scope: 'orders' }), reason: 'insufficient_scope' },
  { sends: 'the required claim', guard: 'claims', token: claims({ plan: 'gold' }), reason: 'none' },
  {
    sends: 'another value of the claim',
    guard: 'claims',
    token: claims({ plan: ['gold'] }),
    reason: 'insufficient_scope',
  },
  { sends: 'a required acr', guard: 'acr', token: claims({ acr: 'phr' }), reason: 'none' },
  { sends: 'a weaker acr', guard: 'acr', token: claims({ acr: 'pwd' }), reason: 'step_up_required' },
  {
    sends: 'an authentication of the greatest age',
    guard: 'recent',
    token: claims({ auth_time: now - 300 }),
    reason: 'none',
  },
  {
    sends: 'an authentication that is too old',
    guard: 'recent',
    token: claims({ auth_time: now - 301 }),
    reason: 'step_up_required',
  },
  { sends: 'no auth_time', guard: 'recent', reason: 'step_up_required' },
];

/** Requests and their results. The same rows are sent to a verifier, to Express 4 and to Express 5. */
export const rows: readonly Row[] = [
  ...requests,
  ...structure,
  ...headers,
  ...signatures,
  ...names,
  ...times,
  ...audiences,
  ...issuers,
  ...otherClaims,
  ...revoked,
  ...knownTokens,
  ...profiled,
  ...proofs,
  ...certificates,
  ...outages,
  ...guarded,
];

function bound() {
  return { cnf: { jkt: thumbprintOf('es') } };
}

function twice(member: string): string {
  return `${json(usualClaims).slice(0, -1)},${member}}`;
}

/** 64 bytes leave four spare bits in the last character: 16 spellings decode to the same signature. */
function secondSpelling(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) ?? 'A') + 1];
}

function flipped(bytes: Buffer): Buffer {
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  return bytes;
}
