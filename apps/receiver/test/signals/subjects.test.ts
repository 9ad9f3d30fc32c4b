import { describe, expect, it } from '@jest/globals';
import { effectsOfSubjects } from '../../src/signals/index.ts';
import { readSetClaims } from '../../src/signals/jwt/read-set.ts';
import { caep, everything, issuer, nowMs, outcomeOf, profile, risc, set, tokenIssuer, user } from './messages.ts';

const session = { format: 'opaque', id: 's-1' };
const email = { format: 'email', email: 'alice@example.com' };
const opaque = { format: 'opaque', id: 'u-1' };
const device = { format: 'opaque', id: 'd-1' };
const tenant = { format: 'opaque', id: 't-1' };
const complex = (members: object) => ({ format: 'complex', ...members });

const endAlice = 'end subject alice up to 0 (other)';

function read(subject: unknown, { uri = `${caep}session-revoked`, ...changes }: Record<string, unknown> = {}) {
  const context = { source: profile(changes), nowMs };
  return outcomeOf(readSetClaims(set(String(uri), { sub_id: subject }), context));
}

/** Every row of the table of subjects in docs/receiver.md. */
const rows: readonly [name: string, subject: unknown, expected: readonly string[] | string, changes?: object][] = [
  ['iss_sub is the subject', user(), [endAlice]],
  [
    'iss_sub of a token issuer is the subject there',
    user('alice', tokenIssuer),
    [`end subject alice issuer ${tokenIssuer} up to 0 (other)`],
    { tokenIssuers: [issuer, tokenIssuer] },
  ],
  [
    'iss_sub of the issuer of SETs is the subject at each token issuer',
    user(),
    [`end subject alice issuer ${tokenIssuer} up to 0 (other)`],
    { tokenIssuers: [tokenIssuer] },
  ],
  [
    'iss_sub of an unmapped issuer is not guessed',
    user('alice', 'https://other.example'),
    ['ignored: unmapped_issuer'],
  ],
  [
    'iss_sub is resolved where tokens have another subject',
    user(),
    [`resolve iss_sub ${issuer} alice, then end`],
    { subjectInTokens: false },
  ],
  [
    'iss_sub of an unmapped issuer is not resolved either',
    user('alice', 'https://other.example'),
    ['ignored: unmapped_issuer'],
    { subjectInTokens: false },
  ],
  ['complex.session is the session', complex({ session }), ['end session s-1 (other)']],
  ['complex.session with a user is the session', complex({ session, user: user() }), ['end session s-1 (other)']],
  [
    'complex.session with a user by e-mail is the session',
    complex({ session, user: email }),
    ['end session s-1 (other)'],
  ],
  [
    'complex.session with a user of an unmapped issuer is not guessed',
    complex({ session, user: user('alice', 'https://other.example') }),
    ['ignored: unmapped_issuer'],
  ],
  [
    'complex.session that tokens do not contain is the user, widened',
    complex({ session, user: user() }),
    [`${endAlice}, widened`],
    { sessionInTokens: false },
  ],
  [
    'complex.session ALL of a user is every session of the user',
    complex({ session: { format: 'opaque', id: 'ALL' }, user: user() }),
    [endAlice],
  ],
  [
    'complex.session ALL without a user is a session',
    complex({ session: { format: 'opaque', id: 'ALL' } }),
    ['end session ALL (other)'],
  ],
  [
    'complex.session that tokens do not contain, without a user, is resolved',
    complex({ session }),
    ['resolve opaque s-1, then end, widened'],
    { sessionInTokens: false },
  ],
  ['complex.user is the subject', complex({ user: user() }), [endAlice]],
  [
    'complex.user with an application is the subject at the client',
    complex({ user: user(), application: { format: 'opaque', id: 'web' } }),
    ['end subject alice client web up to 0 (other)'],
  ],
  [
    'complex.user with an application that is no client id is the subject, widened',
    complex({ user: user(), application: { format: 'uri', uri: 'https://app.example' } }),
    [`${endAlice}, widened`],
  ],
  ['complex.user with a device is the subject, widened', complex({ user: user(), device }), [`${endAlice}, widened`]],
  [
    'complex.user with a group is the subject, widened',
    complex({ user: user(), group: device }),
    [`${endAlice}, widened`],
  ],
  [
    'complex.user with an org_unit is the subject, widened',
    complex({ user: user(), org_unit: device }),
    [`${endAlice}, widened`],
  ],
  ['complex.user with a tenant is the subject', complex({ user: user(), tenant }), [endAlice]],
  [
    'complex.tenant alone is the tenant',
    complex({ tenant }),
    ['end tenant t-1 up to 0 (other)'],
    { allow: everything },
  ],
  ['complex.tenant alone needs the right to it', complex({ tenant }), ['ignored: not_allowed']],
  [
    'complex.tenant with an application is not the tenant',
    complex({ tenant, application: { format: 'opaque', id: 'web' } }),
    ['ignored: unsupported'],
    { allow: everything },
  ],
  [
    'complex.tenant with a device is not the tenant',
    complex({ tenant, device }),
    ['ignored: unsupported'],
    { allow: everything },
  ],
  [
    'complex.tenant with an unsupported user is not the tenant',
    complex({ tenant, user: { format: 'saml_assertion_id', issuer, assertion_id: 'a' } }),
    ['ignored: unsupported'],
    { allow: everything },
  ],
  ['complex.device alone is unsupported', complex({ device }), ['ignored: unsupported']],
  ['opaque at the top of session-revoked is the session', session, ['end session s-1 (other)']],
  [
    'opaque at the top of an account event is unsupported by default',
    opaque,
    ['ignored: unsupported'],
    { uri: `${risc}sessions-revoked` },
  ],
  [
    'opaque at the top of an account event is the subject, by the option',
    opaque,
    ['end subject u-1 up to 0 (other)'],
    { uri: `${risc}sessions-revoked`, opaqueSubject: 'subject' },
  ],
  ['jwt_id is the token', { format: 'jwt_id', iss: issuer, jti: 'j-1' }, ['end token j-1 (other)']],
  [
    'jwt_id of an unmapped issuer is not guessed',
    { format: 'jwt_id', iss: 'https://other.example', jti: 'j-1' },
    ['ignored: unmapped_issuer'],
  ],
  [
    'aliases: each',
    { format: 'aliases', identifiers: [user(), user('bob'), email, user()] },
    [endAlice, 'end subject bob up to 0 (other)', 'resolve email alice@example.com, then end'],
  ],
  ['email is resolved', email, ['resolve email alice@example.com, then end']],
  [
    'email with an application is resolved, at the client',
    complex({ user: email, application: { format: 'opaque', id: 'web' } }),
    ['resolve email alice@example.com at web, then end'],
  ],
  [
    'phone_number is resolved',
    { format: 'phone_number', phone_number: '+12065550100' },
    ['resolve phone_number +12065550100, then end'],
  ],
  [
    'account is resolved',
    { format: 'account', uri: 'acct:alice@example.com' },
    ['resolve account acct:alice@example.com, then end'],
  ],
  [
    'uri is resolved',
    { format: 'uri', uri: 'https://example.com/u/1' },
    ['resolve uri https://example.com/u/1, then end'],
  ],
  ['did is resolved', { format: 'did', url: 'did:example:1' }, ['resolve did did:example:1, then end']],
  ['members without format: complex (Okta, authentik)', { user: user(), session }, ['end session s-1 (other)']],
  ['subject_type: iss-sub', { subject_type: 'iss-sub', iss: issuer, sub: 'alice' }, [endAlice]],
  ['subject_type: iss_sub', { subject_type: 'iss_sub', iss: issuer, sub: 'alice' }, [endAlice]],
  [
    'subject_type: id_token_claims',
    { subject_type: 'id_token_claims', iss: issuer, sub: 'alice', email: 'a@b.c' },
    [endAlice],
  ],
  [
    'subject_type: oauth_token is unsupported',
    { subject_type: 'oauth_token', token_type: 'refresh_token', token_identifier_alg: 'prefix', token: 'abc' },
    ['ignored: unsupported'],
  ],
  [
    'saml_assertion_id is unsupported',
    { format: 'saml_assertion_id', issuer, assertion_id: 'a' },
    ['ignored: unsupported'],
  ],
  ['ip-addresses is unsupported', { format: 'ip-addresses', 'ip-addresses': ['10.0.0.1'] }, ['ignored: unsupported']],
  [
    'a format that is not in the table is unsupported',
    { format: 'catalog_item', catalog_id: 'c' },
    ['ignored: unsupported'],
  ],
  ['a format named after a member of every object is unsupported', { format: 'constructor' }, ['ignored: unsupported']],
  [
    'a user with a session: an account event is about the user, widened',
    complex({ user: user(), session }),
    [`${endAlice}, widened`],
    { uri: `${risc}sessions-revoked` },
  ],
  [
    'a token cannot be disabled',
    { format: 'jwt_id', iss: issuer, jti: 'j-1' },
    ['ignored: unsupported'],
    { uri: `${risc}account-disabled` },
  ],
];

describe('the table of subjects', () => {
  it.each(rows)('%s', (_name, subject, expected, changes = {}) => {
    expect(read(subject, { ...changes })).toEqual(expected);
  });

  it('reads the subject of the event where there is no sub_id', () => {
    const claims = set(`${caep}session-revoked`, { event: { subject: user() } });
    expect(outcomeOf(readSetClaims(claims, { source: profile(), nowMs }))).toEqual([endAlice]);
  });

  it('takes sub_id where both are there', () => {
    const claims = set(`${caep}session-revoked`, { sub_id: user('bob'), event: { subject: user() } });
    expect(outcomeOf(readSetClaims(claims, { source: profile(), nowMs }))).toEqual(['end subject bob up to 0 (other)']);
  });
});

const malformed: readonly [name: string, subject: unknown, reason: string][] = [
  ['no subject', undefined, 'bad_subject'],
  ['a string', 'alice', 'bad_subject'],
  ['an empty object', {}, 'bad_subject'],
  ['a format that is no string', { format: 1, iss: issuer, sub: 'alice' }, 'bad_subject'],
  ['iss_sub without sub', { format: 'iss_sub', iss: issuer }, 'bad_subject'],
  ['iss_sub with an empty sub', user(''), 'bad_subject'],
  ['iss_sub with a number', { format: 'iss_sub', iss: issuer, sub: 1 }, 'bad_subject'],
  ['a subject of 4097 characters', user('a'.repeat(4097)), 'bad_subject'],
  ['half of a surrogate pair, which would have the digest of another', user('a\ud800'), 'bad_subject'],
  ['U+0000', user('a\0'), 'bad_subject'],
  ['aliases without identifiers', { format: 'aliases' }, 'bad_subject'],
  [
    'aliases of aliases',
    { format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [user()] }] },
    'bad_subject',
  ],
  ['one alias of many that is malformed', { format: 'aliases', identifiers: [user(), {}] }, 'bad_subject'],
  ['17 aliases', { format: 'aliases', identifiers: Array.from({ length: 17 }, (_, n) => user(`u${n}`)) }, 'too_many'],
  ['a complex subject with a malformed user', complex({ user: 'alice' }), 'bad_subject'],
  ['a complex subject with a malformed application', complex({ user: user(), application: 'web' }), 'bad_subject'],
];

describe('a subject that does not conform to its format is refused, and nothing is guessed', () => {
  it.each(malformed)('%s', (_name, subject, reason) => {
    expect(read(subject)).toBe(reason);
  });

  it('accepts 16 aliases', () => {
    const identifiers = Array.from({ length: 16 }, (_, n) => user(`u${n}`));
    expect(read({ format: 'aliases', identifiers })).toHaveLength(16);
  });
});

describe('effectsOfSubjects', () => {
  const reading = readSetClaims(set(`${risc}account-disabled`, { sub_id: email }), { source: profile(), nowMs });
  const effect = reading.outcome === 'accepted' ? reading.signals[0]!.effects[0]! : undefined;
  const resolve = (found: readonly { subject: string; issuer?: string }[], changes = {}) => {
    if (effect?.kind !== 'resolve') throw new Error(`expected a resolve effect, found ${effect?.kind}`);
    const effects = effectsOfSubjects(effect, found, profile(changes));
    return effects && outcomeOf({ outcome: 'accepted', signals: [{ ...signal, effects }] });
  };
  const signal = {
    source: 'test',
    type: 'account-disabled',
    issuer,
    eventId: 'e',
    occurredAtMs: 0,
    receivedAtMs: 0,
  } as const;

  it('acts on each subject that the resolver found', () => {
    expect(resolve([{ subject: 'a' }, { subject: 'b', issuer }], { allow: everything })).toEqual([
      'block subject a (account_disabled)',
      'block subject b (account_disabled)',
    ]);
  });
  it('takes no subject of an issuer that the source may not revoke in', () => {
    expect(resolve([{ subject: 'a', issuer: 'https://other.example' }])).toEqual(['ignored: unmapped_issuer']);
  });
  it('returns nothing where no subject was found', () => {
    expect(resolve([])).toEqual([]);
  });
  it.each([
    ['an empty subject', [{ subject: '' }]],
    ['101 subjects', Array.from({ length: 101 }, (_, n) => ({ subject: `u${n}` }))],
  ])('reports %s as a fault of the resolver', (_name, found) => {
    expect(resolve(found)).toBeUndefined();
  });
});
