import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  matchesSecret,
  oktaChallengeAnswer,
  parsePointer,
  readAuth0Logs,
  readOktaEventHook,
  readSignedJson,
  type SourceProfile,
} from '../../src/signals/index.ts';
import { valueAt } from '../../src/signals/webhooks/json-pointer.ts';
import { bytes, everything, now, nowMs, outcomeOf, profile } from './messages.ts';

const iso = (seconds: number) => new Date((now + seconds) * 1000).toISOString();
const context = (source: Partial<SourceProfile> = {}) => ({ source: profile({ audience: [], ...source }), nowMs });

describe('an Okta event hook', () => {
  const event = (eventType: string, changes: object = {}) => ({
    uuid: `uuid-${eventType}`,
    published: iso(-4),
    eventType,
    actor: { id: '00uadmin', type: 'User' },
    outcome: { result: 'SUCCESS' },
    target: [
      { id: '0oaapp', type: 'AppInstance' },
      { id: '00ualice', type: 'User', alternateId: 'alice@example.com' },
    ],
    ...changes,
  });
  const read = (events: readonly unknown[], source: Partial<SourceProfile> = { allow: everything }) =>
    outcomeOf(
      readOktaEventHook(bytes(JSON.stringify({ eventType: 'com.okta.event_hook', data: { events } })), context(source)),
    );

  it.each([
    ['user.session.end', ['end subject 00ualice up to -4 (logout), widened']],
    ['user.account.update_password', ['end subject 00ualice up to -4 (password_change)']],
    ['user.account.reset_password', ['end subject 00ualice up to -4 (password_change)']],
    ['user.lifecycle.suspend', ['block subject 00ualice (account_disabled)']],
    ['user.lifecycle.deactivate', ['block subject 00ualice (account_disabled)']],
    ['user.lifecycle.delete.initiated', ['block subject 00ualice (account_disabled)']],
    ['user.lifecycle.unsuspend', ['lift subject 00ualice']],
    ['user.lifecycle.activate', ['lift subject 00ualice']],
    ['user.session.start', ['ignored: unsupported']],
    ['constructor', ['ignored: unsupported']],
  ])('%s', (type, expected) => {
    expect(read([event(type)])).toEqual(expected);
  });

  it('names the actor of the end of a session where it has no target', () => {
    expect(read([event('user.session.end', { target: null })])).toEqual([
      'end subject 00uadmin up to -4 (logout), widened',
    ]);
  });
  it('never disables the administrator who acted', () => {
    expect(read([event('user.lifecycle.suspend', { target: [] })])).toEqual(['ignored: malformed']);
  });
  it('ignores an attempt that failed', () => {
    expect(read([event('user.lifecycle.suspend', { outcome: { result: 'FAILURE' } })])).toEqual([
      'ignored: unsupported',
    ]);
  });
  it('acts on the other events of a message with one that is malformed', () => {
    const events = [event('user.lifecycle.suspend', { published: 'yesterday' }), event('user.lifecycle.deactivate')];
    expect(read(events)).toEqual(['ignored: malformed', 'block subject 00ualice (account_disabled)']);
  });
  it.each([
    ['no JSON', 'SECRET', 'malformed_body'],
    ['no events', '{"data":{}}', 'malformed_body'],
    ['an event without an id', '{"data":{"events":[{"eventType":"user.session.end"}]}}', 'malformed_body'],
    ['1001 events', JSON.stringify({ data: { events: Array.from({ length: 1001 }, () => event('x')) } }), 'too_many'],
    ['1 MiB and one byte', ' '.repeat(1_048_577), 'too_large'],
  ])('is refused with %s', (_name, body, reason) => {
    expect(outcomeOf(readOktaEventHook(bytes(body), context()))).toBe(reason);
  });
  it.each([
    ['abc-123', { verification: 'abc-123' }],
    ['', undefined],
    [undefined, undefined],
    ['a'.repeat(1025), undefined],
    ['a\r\nSet-Cookie: b', undefined],
  ])('answers the challenge %s', (challenge, expected) => {
    expect(oktaChallengeAnswer(challenge)).toEqual(expected);
  });
});

describe('an Auth0 log stream', () => {
  const record = (type: string, data: object = {}) => ({
    log_id: `log-${type}`,
    data: { type, date: iso(-2), user_id: 'auth0|alice', client_id: 'web', ...data },
  });
  const blocked = (value: unknown, path = '/api/v2/users/auth0%7Calice') =>
    record('sapi', {
      user_id: 'auth0|admin',
      details: { request: { method: 'patch', path, body: { blocked: value } } },
    });
  const read = (body: string, source: Partial<SourceProfile> = { allow: everything }) =>
    outcomeOf(readAuth0Logs(bytes(body), context(source)));
  const password = 'end subject auth0|alice up to -2 (password_change)';

  it.each([
    ['scp: password changed', record('scp'), [password]],
    ['sdu: user deleted', record('sdu'), ['block subject auth0|alice (account_disabled)']],
    ['sapi: user blocked', blocked(true), ['block subject auth0|alice (account_disabled)']],
    ['sapi: user unblocked', blocked(false), ['lift subject auth0|alice']],
    ['sapi: another change', blocked(undefined), ['ignored: unsupported']],
    ['sapi: another path', blocked(true, '/api/v2/users/auth0%7Calice/roles'), ['ignored: unsupported']],
    ['sapi: a path that is not encoded well', blocked(true, '/api/v2/users/%E0%A4%A'), ['ignored: malformed']],
    ['slo: a logout is off, because its event names no session', record('slo'), ['ignored: off']],
    ['s: a login', record('s'), ['ignored: unsupported']],
    ['scp without a user', record('scp', { user_id: '' }), ['ignored: malformed']],
  ])('%s', (_name, event, expected) => {
    expect(read(JSON.stringify([event]))).toEqual(expected);
  });
  it('slo: ends the tokens of the user, widened, by the option', () => {
    expect(read(JSON.stringify([record('slo')]), { events: { logout: 'cutoff' } })).toEqual([
      'end subject auth0|alice up to -2 (logout), widened',
    ]);
  });
  it.each([
    ['a list', JSON.stringify([record('scp'), record('s')])],
    ['one record a line', `${JSON.stringify(record('scp'))}\n${JSON.stringify(record('s'))}\n`],
  ])('is read as %s', (_name, body) => {
    expect(read(body)).toEqual([password, 'ignored: unsupported']);
  });
  it('is read as one record', () => {
    expect(read(JSON.stringify(record('scp')))).toEqual([password]);
  });
  it.each([
    ['an empty body', '', 'malformed_body'],
    ['an empty list', '[]', 'malformed_body'],
    ['a line that is no JSON', `${JSON.stringify(record('scp'))}\nSECRET`, 'malformed_body'],
    ['a record without an id', '[{"data":{"type":"scp"}}]', 'malformed_body'],
  ])('is refused with %s', (_name, body, reason) => {
    expect(read(body)).toBe(reason);
  });
});

describe('a signed JSON webhook', () => {
  const secret = Buffer.from('a secret of the webhook');
  const header = (body: string, { time = now, key = secret }: { time?: number; key?: Uint8Array } = {}) =>
    `t=${time},v1=${createHmac('sha256', key).update(`${time}.${body}`).digest('hex')}`;
  const mapping: SourceProfile['mapping'] = {
    type: '/type',
    id: '/id',
    time: '/at',
    rules: {
      LOGOUT: { action: 'end', session: '/sessionId', reason: 'logout' },
      UPDATE_PASSWORD: { action: 'end', subject: '/userId', reason: 'password_change' },
      REVOKE_GRANT: { action: 'end', subject: '/userId', client: '/clientId' },
      DISABLE: { action: 'block', subject: '/details/0/user~1id' },
      ENABLE: { action: 'lift', subject: '/userId' },
      MAIL: { action: 'end', email: '/email' },
    },
  };
  const event = (type: string, changes: object = {}) => ({
    type,
    id: 7,
    at: nowMs - 3000,
    sessionId: 's',
    userId: 'alice',
    ...changes,
  });
  const read = (body: string, given: string | undefined = header(body), changes: Partial<SourceProfile> = {}) =>
    outcomeOf(
      readSignedJson(
        { body: bytes(body), header: given, secrets: [Buffer.from('another secret'), secret] },
        context({ mapping, allow: everything, ...changes }),
      ),
    );

  it.each([
    ['a session', event('LOGOUT'), ['end session s (logout)']],
    ['a subject', event('UPDATE_PASSWORD'), ['end subject alice up to -3 (password_change)']],
    [
      'a subject at a client',
      event('REVOKE_GRANT', { clientId: 'web' }),
      ['end subject alice client web up to -3 (other)'],
    ],
    ['a client that is missing: not all clients', event('REVOKE_GRANT'), ['ignored: malformed']],
    [
      'a block, by a pointer with an escape',
      event('DISABLE', { details: [{ 'user/id': 'bob' }] }),
      ['block subject bob (account_disabled)'],
    ],
    ['a lift', event('ENABLE'), ['lift subject alice']],
    ['an e-mail address is resolved', event('MAIL', { email: 'a@b.c' }), ['resolve email a@b.c, then end']],
    ['an event without a rule', event('LOGIN'), ['ignored: unsupported']],
    ['an event named after a member of every object', event('constructor'), ['ignored: unsupported']],
    ['a subject that is missing', event('UPDATE_PASSWORD', { userId: null }), ['ignored: malformed']],
    ['a time that is missing', event('ENABLE', { at: 'soon' }), ['ignored: malformed']],
  ])('%s', (_name, body, expected) => {
    expect(read(JSON.stringify(body))).toEqual(expected);
  });

  it('takes a time of the future for the receipt: later states of the account must not be older than it', () => {
    const body = bytes(JSON.stringify(event('DISABLE', { at: nowMs + 3_600_000, details: [{ 'user/id': 'bob' }] })));
    const request = { body, header: header(body.toString()), secrets: [secret] };
    const reading = readSignedJson(request, context({ mapping, allow: everything }));
    expect(reading).toMatchObject({
      signals: [{ occurredAtMs: nowMs, effects: [{ kind: 'block', stateAtMs: nowMs }] }],
    });
  });

  it('reads a list of events', () => {
    const body = JSON.stringify({ list: [event('LOGOUT'), event('ENABLE')] });
    expect(read(body, header(body), { mapping: { ...mapping, events: '/list' } })).toEqual([
      'end session s (logout)',
      'lift subject alice',
    ]);
  });

  const body = JSON.stringify(event('LOGOUT'));
  it.each([
    ['300 s ago', header(body, { time: now - 300 })],
    ['300 s ahead', header(body, { time: now + 300 })],
    [
      'two signatures, while the secret is replaced',
      `${header(body, { key: Buffer.from('old') })},${header(body).split(',')[1]}`,
    ],
  ])('is accepted when it was signed %s', (_name, given) => {
    expect(read(body, given)).toEqual(['end session s (logout)']);
  });
  it.each([
    ['no header', undefined, 'bad_credential'],
    ['a header of 1025 characters', `${header(body)},${'a'.repeat(1000)}`, 'bad_credential'],
    ['no time: it could be replayed for ever', header(body).split(',')[1], 'stale_signature'],
    ['two times', `t=${now},${header(body)}`, 'stale_signature'],
    ['a time in milliseconds', header(body, { time: nowMs }), 'stale_signature'],
    ['a time of 301 s ago', header(body, { time: now - 301 }), 'stale_signature'],
    ['a time of 301 s ahead', header(body, { time: now + 301 }), 'stale_signature'],
    ['a time that is not the signed one', header(body).replace(String(now), String(now - 1)), 'bad_credential'],
    ['no signature', `t=${now}`, 'bad_credential'],
    ['the signature of another secret', header(body, { key: Buffer.from('guess') }), 'bad_credential'],
    ['the signature of another body', header(`${body} `), 'bad_credential'],
    [
      'a fifth signature, even a right one',
      `t=${now},${'v1=00,'.repeat(4)}${header(body).split(',')[1]}`,
      'bad_credential',
    ],
    ['an upper-case signature', header(body).toUpperCase().replace('T=', 't=').replace('V1=', 'v1='), 'bad_credential'],
  ])('is refused with %s', (_name, given, reason) => {
    expect(
      outcomeOf(readSignedJson({ body: bytes(body), header: given, secrets: [secret] }, context({ mapping }))),
    ).toBe(reason);
  });
  it.each([
    ['no JSON', 'SECRET', 'malformed_body'],
    ['no id', JSON.stringify({ ...event('LOGOUT'), id: null }), 'malformed_body'],
    ['an id that is no whole number', JSON.stringify({ ...event('LOGOUT'), id: 1.5 }), 'malformed_body'],
  ])('is refused with %s', (_name, text, reason) => {
    expect(read(text)).toBe(reason);
  });
});

describe('the secret of a sender', () => {
  it.each([
    ['the one', 'Bearer a', true],
    ['the next one', 'Bearer b', true],
    ['another', 'Bearer c', false],
    ['a part of it', 'Bearer', false],
    ['an empty one', '', false],
    ['none', undefined, false],
  ])('%s', (_name, given, expected) => {
    expect(matchesSecret(given, ['Bearer a', 'Bearer b'])).toBe(expected);
  });
  it('is never an empty text', () => {
    expect(matchesSecret('', [''])).toBe(false);
  });
});

describe('a JSON pointer', () => {
  it.each([
    ['', []],
    ['/', ['']],
    ['/a~1b/m~0n/0', ['a/b', 'm~n', '0']],
    ['/~01', ['~1']],
    ['a', undefined],
    ['/~2', undefined],
    [`${'/a'.repeat(33)}`, undefined],
  ])('%j', (pointer, expected) => {
    expect(parsePointer(pointer)).toEqual(expected);
  });
  it.each([
    ['/a/b', { a: { b: 1 } }, 1],
    ['/a/1', { a: [0, 1] }, 1],
    ['/a/-1', { a: [0, 1] }, undefined],
    ['/a/01', { a: [0, 1] }, undefined],
    ['/a/length', { a: [0, 1] }, undefined],
    ['/constructor', {}, undefined],
    ['/__proto__', {}, undefined],
    ['/a/b', { a: 'text' }, undefined],
  ])('%s in %j', (pointer, document, expected) => {
    expect(valueAt(document, pointer)).toEqual(expected);
  });
});
