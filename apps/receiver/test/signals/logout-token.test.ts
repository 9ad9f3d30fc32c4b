import { describe, expect, it } from '@jest/globals';
import { readLogoutToken, type SourceProfile } from '../../src/signals/index.ts';
import {
  audience,
  bytes,
  issuer,
  keySet,
  logoutEvent,
  logoutHeader,
  now,
  nowMs,
  outcomeOf,
  profile,
  signed,
} from './messages.ts';

const claims = { iss: issuer, aud: audience, jti: 'l-1', iat: now - 3, exp: now + 117, events: { [logoutEvent]: {} } };

async function read(changes: object, source: Partial<SourceProfile> = {}, header: object = logoutHeader) {
  const message = bytes(signed({ ...logoutHeader, ...header }, { ...claims, ...changes }));
  return outcomeOf(await readLogoutToken(message, { source: profile(source), nowMs, keys: keySet() }));
}

describe('a logout token', () => {
  it.each([
    ['with sid and sub ends the session', { sid: 's', sub: 'alice' }, {}, ['end session s (logout)']],
    ['with sid only ends the session', { sid: 's' }, {}, ['end session s (logout)']],
    [
      'with sub only ends the tokens of the user up to its time',
      { sub: 'alice' },
      {},
      ['end subject alice up to -3 (logout)'],
    ],
    [
      'ends the session at each token issuer',
      { sid: 's' },
      { tokenIssuers: [issuer, 'https://b.example'] },
      ['end session s (logout)', 'end session s issuer https://b.example (logout)'],
    ],
    [
      'with a sid of its client, and a sub, ends the tokens of the user at the client, widened',
      { sid: 's', sub: 'alice' },
      { sessionInTokens: false },
      [`end subject alice client ${audience} up to -3 (logout), widened`],
    ],
    [
      'with a sid of its client only is resolved',
      { sid: 's' },
      { sessionInTokens: false },
      ['resolve opaque s, then end, widened'],
    ],
    [
      'with a sub that tokens do not contain is resolved',
      { sub: 'alice' },
      { subjectInTokens: false },
      [`resolve iss_sub ${issuer} alice, then end`],
    ],
    [
      'for two of our clients',
      { sid: 's', sub: 'alice', aud: ['web', 'app', 'foreign'] },
      { sessionInTokens: false, audience: ['web', 'app'] },
      [
        'end subject alice client web up to -3 (logout), widened',
        'end subject alice client app up to -3 (logout), widened',
      ],
    ],
    ['is ignored where the configuration says so', { sid: 's' }, { events: { logout: 'off' } }, ['ignored: off']],
    [
      'without exp, 6 minutes old (5, and a minute for the clocks)',
      { sid: 's', exp: undefined, iat: now - 360 },
      {},
      ['end session s (logout)'],
    ],
    ['with exp a minute ago', { sid: 's', exp: now - 60 }, {}, ['end session s (logout)']],
    ['with iat a minute ahead', { sid: 's', iat: now + 60 }, {}, ['end session s (logout)']],
  ] as const)('%s', async (_name, changes, source, expected) => {
    expect(await read(changes, source as Partial<SourceProfile>)).toEqual(expected);
  });

  it.each([
    ['logout+jwt', { typ: 'logout+jwt' }],
    ['application/logout+jwt', { typ: 'application/logout+jwt' }],
    ['JWT', { typ: 'JWT' }],
    ['no typ', { typ: undefined }],
    ['RS256', { alg: 'RS256', kid: 'rsa' }],
    ['PS256', { alg: 'PS256', kid: 'rsa' }],
    ['ES256', { alg: 'ES256', kid: 'ec' }],
    ['EdDSA', { alg: 'EdDSA', kid: 'ed' }],
  ])('is accepted with %s', async (_name, header) => {
    expect(await read({ sid: 's' }, {}, header)).toEqual(['end session s (logout)']);
  });
});
