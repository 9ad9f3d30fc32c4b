import { describe, expect, it } from '@jest/globals';
import { type Reading, readLogoutToken, readSet, refusals, verifyAssertion } from '../../src/signals/index.ts';
import {
  audience,
  bytes,
  caep,
  issuer,
  keySet,
  logoutEvent,
  logoutHeader,
  now,
  nowMs,
  profile,
  rsa,
  set,
  setHeader,
  signed,
  stranger,
  user,
} from './messages.ts';

const uri = `${caep}session-revoked`;
/** Each hostile message names this, so that a test sees whether any of it is repeated. */
const secret = 'SECRET-alice';
const goodSet = set(uri, { sub_id: user(secret) });
const goodLogout = {
  iss: issuer,
  aud: audience,
  jti: 'l-1',
  iat: now,
  exp: now + 120,
  sub: secret,
  sid: `sid-${secret}`,
  events: { [logoutEvent]: {} },
};
const without = (claims: object, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
const parts = (token: string) => token.split('.') as [string, string, string];
const base64url = (value: string) => Buffer.from(value).toString('base64url');
const good = signed(setHeader, goodSet);
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();

type Row = readonly [name: string, message: string, reason: string, looksUpKey?: boolean];

const hostileSets: readonly Row[] = [
  ['an empty body', '', 'malformed'],
  ['a JSON body instead of a token', JSON.stringify(goodSet), 'malformed'],
  ['a message of 64 KiB and one byte', 'a'.repeat(65_537), 'too_large'],
  ['two parts', parts(good).slice(0, 2).join('.'), 'malformed'],
  ['four parts', `${good}.AAAA`, 'malformed'],
  ['an encrypted token (five parts)', `${good}.AAAA.AAAA`, 'malformed'],
  ['padding in base64url', `${parts(good)[0]}=.${parts(good)[1]}.${parts(good)[2]}`, 'malformed'],
  ['white space around the token', ` ${good}\n`, 'malformed'],
  ['claims that are no JSON', signed(setHeader, `{"iss":"${issuer}",${secret}`), 'malformed'],
  ['claims that are an array', signed(setHeader, [goodSet]), 'malformed'],
  ['a claim that occurs twice', signed(setHeader, `{"iss":"${issuer}","iss":"https://evil.example"}`), 'malformed'],
  ['a claim named __proto__', signed(setHeader, `{"iss":"${issuer}","__proto__":{"aud":"${audience}"}}`), 'malformed'],
  [
    '33 levels of nesting',
    signed(setHeader, { ...goodSet, deep: JSON.parse(`${'['.repeat(33)}${']'.repeat(33)}`) }),
    'malformed',
  ],
  [
    'alg: none, without a signature',
    `${base64url(JSON.stringify({ ...setHeader, alg: 'none' }))}.${parts(good)[1]}.`,
    'malformed',
  ],
  ['alg: none, with a signature', signed({ ...setHeader, alg: 'none' }, goodSet), 'wrong_alg'],
  [
    'alg: HS256 with the public key as its secret',
    signed({ ...setHeader, alg: 'HS256', kid: 'rsa', k: publicPem }, goodSet),
    'wrong_alg',
  ],
  ['alg: RS384', signed({ ...setHeader, alg: 'RS384', kid: 'rsa' }, goodSet), 'wrong_alg'],
  ['alg: ES256K', signed({ ...setHeader, alg: 'ES256K' }, goodSet), 'wrong_alg'],
  ['alg that is a list', signed({ ...setHeader, alg: ['ES256'] }, goodSet), 'wrong_alg'],
  ['a key of another algorithm', signed({ ...setHeader, kid: 'rsa' }, goodSet), 'unusable_key', true],
  [
    'no kid, where the key set has several keys',
    signed({ typ: 'secevent+jwt', alg: 'ES256' }, goodSet),
    'unusable_key',
    true,
  ],
  ['a kid of 257 characters', signed({ ...setHeader, kid: 'k'.repeat(257) }, goodSet), 'malformed'],
  ['a kid that is an object', signed({ ...setHeader, kid: {} }, goodSet), 'malformed'],
  ['a critical extension', signed({ ...setHeader, crit: ['exp'] }, goodSet), 'unsupported_crit'],
  ['b64: false', signed({ ...setHeader, b64: false }, goodSet), 'unsupported_crit'],
  [
    'the key of a stranger under the kid of the issuer',
    signed(setHeader, goodSet, { key: stranger.privateKey }),
    'bad_signature',
    true,
  ],
  [
    'an embedded key (jwk) of a stranger',
    signed({ ...setHeader, jwk: stranger.publicKey.export({ format: 'jwk' }) }, goodSet, { key: stranger.privateKey }),
    'bad_signature',
    true,
  ],
  [
    'a key set of a stranger (jku)',
    signed({ ...setHeader, jku: 'https://evil.example/jwks' }, goodSet, { key: stranger.privateKey }),
    'bad_signature',
    true,
  ],
  [
    'a certificate of a stranger (x5u, x5c)',
    signed({ ...setHeader, x5u: 'https://evil.example/c', x5c: ['AAAA'] }, goodSet, { key: stranger.privateKey }),
    'bad_signature',
    true,
  ],
  [
    'the payload of another message',
    `${parts(good)[0]}.${parts(signed(setHeader, { ...goodSet, jti: 'other' }))[1]}.${parts(good)[2]}`,
    'bad_signature',
    true,
  ],
  [
    'an ECDSA signature of zeros',
    `${parts(good)[0]}.${parts(good)[1]}.${base64url('\0'.repeat(64))}`,
    'bad_signature',
    true,
  ],
  [
    'an ID token (typ: JWT)',
    signed({ ...setHeader, typ: 'JWT' }, { ...goodSet, nonce: 'n', sub: secret }),
    'wrong_typ',
  ],
  ['an access token (typ: at+jwt)', signed({ ...setHeader, typ: 'at+jwt' }, goodSet), 'wrong_typ'],
  ['a logout token as a SET', signed(logoutHeader, goodLogout), 'wrong_typ'],
  ['no typ, from a source that is not legacy', signed({ alg: 'ES256', kid: 'ec' }, goodSet), 'wrong_typ'],
  ['a typ that is a number', signed({ ...setHeader, typ: 1 }, goodSet), 'wrong_typ'],
  ['another issuer', signed(setHeader, { ...goodSet, iss: 'https://evil.example' }), 'wrong_issuer'],
  ['the issuer with a slash more', signed(setHeader, { ...goodSet, iss: `${issuer}/` }), 'wrong_issuer'],
  ['no issuer', signed(setHeader, without(goodSet, 'iss')), 'wrong_issuer'],
  ['another audience', signed(setHeader, { ...goodSet, aud: 'https://other.example' }), 'wrong_audience', true],
  [
    'an audience that only starts like ours',
    signed(setHeader, { ...goodSet, aud: `${audience}.evil.example` }),
    'wrong_audience',
    true,
  ],
  ['no audience', signed(setHeader, without(goodSet, 'aud')), 'wrong_audience', true],
  ['an audience that is an object', signed(setHeader, { ...goodSet, aud: { 0: audience } }), 'wrong_audience', true],
  ['no jti', signed(setHeader, without(goodSet, 'jti')), 'bad_claims', true],
  ['an empty jti', signed(setHeader, { ...goodSet, jti: '' }), 'bad_claims', true],
  ['no iat', signed(setHeader, without(goodSet, 'iat')), 'bad_claims', true],
  ['iat in milliseconds', signed(setHeader, { ...goodSet, iat: nowMs }), 'bad_claims', true],
  ['iat as a string', signed(setHeader, { ...goodSet, iat: String(now) }), 'bad_claims', true],
  ['iat 61 s ahead', signed(setHeader, { ...goodSet, iat: now + 61 }), 'in_future', true],
  ['a nonce', signed(setHeader, { ...goodSet, nonce: secret }), 'has_nonce', true],
  ['a nonce that is null', signed(setHeader, { ...goodSet, nonce: null }), 'has_nonce', true],
  ['sub', signed(setHeader, { ...goodSet, sub: secret }), 'has_sub', true],
  ['no events', signed(setHeader, without(goodSet, 'events')), 'bad_events', true],
  ['events that are empty', signed(setHeader, { ...goodSet, events: {} }), 'bad_events', true],
  ['events that are a list', signed(setHeader, { ...goodSet, events: [uri] }), 'bad_events', true],
  ['an event that is a string', signed(setHeader, { ...goodSet, events: { [uri]: secret } }), 'bad_events', true],
  [
    'one event of two that is null',
    signed(setHeader, { ...goodSet, events: { [uri]: {}, [`${caep}x`]: null } }),
    'bad_events',
    true,
  ],
  [
    '17 events',
    signed(setHeader, {
      ...goodSet,
      events: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`${uri}${n}`, {}])),
    }),
    'too_many',
    true,
  ],
  ['a subject that is a string', signed(setHeader, { ...goodSet, sub_id: secret }), 'bad_subject', true],
  ['no subject', signed(setHeader, without(goodSet, 'sub_id')), 'bad_subject', true],
];

const hostileLogoutTokens: readonly Row[] = [
  [
    'an ID token with a nonce',
    signed({ ...logoutHeader, typ: 'JWT' }, { ...goodLogout, nonce: 'n' }),
    'has_nonce',
    true,
  ],
  [
    'an ID token without events',
    signed({ ...logoutHeader, typ: 'JWT' }, without(goodLogout, 'events')),
    'bad_events',
    true,
  ],
  ['a SET as a logout token', good, 'wrong_typ'],
  ['an access token', signed({ ...logoutHeader, typ: 'at+jwt' }, goodLogout), 'wrong_typ'],
  ['another event', signed(logoutHeader, { ...goodLogout, events: { [uri]: {} } }), 'bad_events', true],
  [
    'an event that is no object',
    signed(logoutHeader, { ...goodLogout, events: { [logoutEvent]: true } }),
    'bad_events',
    true,
  ],
  ['neither sub nor sid', signed(logoutHeader, without(goodLogout, 'sub', 'sid')), 'no_subject', true],
  ['an empty sid', signed(logoutHeader, { ...goodLogout, sid: '' }), 'bad_claims', true],
  ['a sub that is a number', signed(logoutHeader, { ...goodLogout, sub: 1 }), 'bad_claims', true],
  ['exp 61 s ago', signed(logoutHeader, { ...goodLogout, iat: now - 600, exp: now - 61 }), 'expired', true],
  ['exp that is no number', signed(logoutHeader, { ...goodLogout, exp: 'never' }), 'bad_claims', true],
  [
    'no exp, and an iat of 6 minutes and a second ago',
    signed(logoutHeader, { ...without(goodLogout, 'exp'), iat: now - 361 }),
    'expired',
    true,
  ],
  ['iat 61 s ahead', signed(logoutHeader, { ...goodLogout, iat: now + 61 }), 'in_future', true],
  ['no jti', signed(logoutHeader, without(goodLogout, 'jti')), 'bad_claims', true],
  ['no iat', signed(logoutHeader, without(goodLogout, 'iat')), 'bad_claims', true],
  ['another client', signed(logoutHeader, { ...goodLogout, aud: 'another-client' }), 'wrong_audience', true],
  ['another issuer', signed(logoutHeader, { ...goodLogout, iss: 'https://evil.example' }), 'wrong_issuer'],
  ['the key of a stranger', signed(logoutHeader, goodLogout, { key: stranger.privateKey }), 'bad_signature', true],
  ['alg: none', signed({ ...logoutHeader, alg: 'none' }, goodLogout), 'wrong_alg'],
];

const goodAssertion = { iss: issuer, sub: issuer, aud: audience, exp: now + 60, iat: now, jti: 'a' };
const assertionHeader = { typ: 'global-token-revocation+jwt', alg: 'ES256', kid: 'ec' };
const hostileAssertions: readonly Row[] = [
  ['a SET', good, 'wrong_typ'],
  ['a logout token', signed({ ...logoutHeader, typ: 'JWT' }, goodLogout), 'bad_claims', true],
  ['an ID token', signed({ ...logoutHeader, typ: 'JWT' }, { ...goodAssertion, nonce: 'n' }), 'has_nonce', true],
  [
    'another endpoint',
    signed(assertionHeader, { ...goodAssertion, aud: 'https://other.example' }),
    'wrong_audience',
    true,
  ],
  ['no exp', signed(assertionHeader, without(goodAssertion, 'exp')), 'bad_claims', true],
  ['no sub', signed(assertionHeader, without(goodAssertion, 'sub')), 'bad_claims', true],
  ['exp 61 s ago', signed(assertionHeader, { ...goodAssertion, exp: now - 61 }), 'expired', true],
  [
    'a lifetime of more than an hour',
    signed(assertionHeader, { ...goodAssertion, exp: now + 3661 }),
    'bad_claims',
    true,
  ],
  ['nbf 61 s ahead', signed(assertionHeader, { ...goodAssertion, nbf: now + 61 }), 'in_future', true],
  ['iat 61 s ahead', signed(assertionHeader, { ...goodAssertion, iat: now + 61 }), 'in_future', true],
  [
    'the key of a stranger',
    signed(assertionHeader, goodAssertion, { key: stranger.privateKey }),
    'bad_signature',
    true,
  ],
];

type Read = (message: Uint8Array, context: Parameters<typeof readSet>[1]) => Promise<Reading | { outcome: string }>;
const readers: readonly [name: string, read: Read, rows: readonly Row[], good: string][] = [
  ['a hostile SET', readSet, hostileSets, good],
  ['a hostile logout token', readLogoutToken, hostileLogoutTokens, signed(logoutHeader, goodLogout)],
  ['a hostile assertion', verifyAssertion, hostileAssertions, signed(assertionHeader, goodAssertion)],
];

describe.each(readers)('%s is refused', (_name, read, rows, valid) => {
  it.each(rows)('%s', async (_row, message, reason, looksUpKey = false) => {
    const keys = keySet();
    const reading = await read(bytes(message), { source: profile(), nowMs, keys });
    expect(reading).toEqual({ outcome: 'refused', reason });
    // What is wrong without its signature causes no look-up of a key.
    expect({ asked: keys.asked.count }).toEqual({ asked: looksUpKey ? 1 : 0 });
  });

  it('as against the same message without a fault', async () => {
    const reading = await read(bytes(valid), { source: profile(), nowMs, keys: keySet() });
    expect(['accepted', 'authenticated']).toContain(reading.outcome);
  });
});

describe('a source that may lack an audience', () => {
  it('still refuses another audience', async () => {
    const message = bytes(signed(setHeader, { ...goodSet, aud: 'https://other.example' }));
    const source = profile({ mayLackAudience: true });
    expect(await readSet(message, { source, nowMs, keys: keySet() })).toEqual({
      outcome: 'refused',
      reason: 'wrong_audience',
    });
  });
});

describe('every refusal', () => {
  it('has a constant answer, with a code of RFC 8935', () => {
    const codes = [
      'invalid_request',
      'invalid_key',
      'invalid_issuer',
      'invalid_audience',
      'authentication_failed',
      'access_denied',
    ];
    for (const [reason, { err, description, status }] of Object.entries(refusals)) {
      expect({ reason, known: codes.includes(err), status: [400, 401, 403, 408].includes(status) }).toEqual({
        reason,
        known: true,
        status: true,
      });
      expect(description).not.toContain(secret);
    }
  });

  it('has the code of its kind', () => {
    const codeOf = Object.fromEntries(Object.entries(refusals).map(([reason, { err }]) => [reason, err]));
    expect(codeOf).toMatchObject({
      malformed: 'invalid_request',
      wrong_alg: 'invalid_key',
      unusable_key: 'invalid_key',
      bad_signature: 'authentication_failed',
      wrong_issuer: 'invalid_issuer',
      wrong_audience: 'invalid_audience',
      foreign_subject: 'access_denied',
    });
  });
});

describe('a message whose key is not there', () => {
  const read = (found: object) =>
    readSet(bytes(good), { source: profile(), nowMs, keys: { findKey: () => found as never } });

  it.each([
    [
      'keys that cannot be fetched: 503',
      { outcome: 'unavailable', reason: 'jwks_unavailable', retryAfterMs: 700 },
      503,
      700,
    ],
    ['an unknown kid, and a fresh key set: 429', { outcome: 'rejected', reason: 'unknown_kid' }, 429, 30_000],
    [
      'an unknown kid, and no budget for a fetch: 429',
      { outcome: 'unavailable', reason: 'unknown_kid_throttled', retryAfterMs: 9000 },
      429,
      9000,
    ],
  ])('is not refused: %s', async (_name, found, status, retryAfterMs) => {
    const isKidUnknown = found.outcome === 'rejected' ? true : undefined;
    const why = status === 503 ? 'keys_unavailable' : 'unknown_key';
    expect(await read(found)).toEqual({ outcome: 'unavailable', status, why, retryAfterMs, isKidUnknown });
  });

  it('is refused where the key may not be used with its algorithm', async () => {
    const message = bytes(signed({ ...setHeader, alg: 'PS256', kid: 'rsa' }, goodSet));
    const findKey = () => ({ outcome: 'found', key: { key: rsa.publicKey, algorithms: ['RS256'] } }) as const;
    expect(await readSet(message, { source: profile(), nowMs, keys: { findKey } })).toEqual({
      outcome: 'refused',
      reason: 'unusable_key',
    });
  });

  it('is refused where the key is of another kind than its algorithm', async () => {
    const found = { outcome: 'found', key: { key: rsa.publicKey, algorithms: ['ES256'] } };
    expect(await read(found)).toEqual({ outcome: 'refused', reason: 'unusable_key' });
  });
});
