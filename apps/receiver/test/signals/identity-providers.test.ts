import { describe, expect, it } from '@jest/globals';
import { readLogoutToken, readSet, type SourceProfile } from '../../src/signals/index.ts';
import {
  bytes,
  caep,
  everything,
  keySet,
  logoutEvent,
  now,
  nowMs,
  oauth,
  outcomeOf,
  profile,
  risc,
  signed,
} from './messages.ts';

type Row = readonly [
  name: string,
  claims: object,
  source: Partial<SourceProfile>,
  expected: readonly string[],
  header?: object,
];

async function read(reader: typeof readSet, [, claims, source, , header = {}]: Row) {
  const { iss, aud } = claims as { iss: string; aud: string };
  const configured = profile({ issuer: iss, audience: [aud], tokenIssuers: [iss], ...source });
  const message = bytes(signed({ alg: 'RS256', kid: 'rsa', ...header }, claims));
  return outcomeOf(await reader(message, { source: configured, nowMs, keys: keySet() }));
}

const okta = { iss: 'https://shop.okta.com', aud: 'https://rx.example.com/okta', jti: 'set-24c6', iat: now };
const oktaServer = 'https://shop.okta.com/oauth2/default';
const oktaSource = { tokenIssuers: [oktaServer], sessionInTokens: false };
const oktaUser = { format: 'iss_sub', iss: okta.iss, sub: '00u1abcd2EFGH3ijk4l5' };
const setHeader = { typ: 'secevent+jwt' };

const keycloak = {
  iss: 'https://sso.example.com/realms/shop',
  aud: 'https://rx.example.com/keycloak',
  jti: 'k-1',
  iat: now,
};
const keycloakSubject = (session: string) => ({
  format: 'complex',
  user: { format: 'iss_sub', iss: keycloak.iss, sub: 'f3a1' },
  session: { format: 'opaque', id: session },
});
const loggedOut = { event_timestamp: now - 1, initiating_entity: 'user', reason_admin: { en: 'User logout' } };
const authentik = { iss: 'https://auth.example.com/application/o/shop/', aud: 'rx', jti: 'a-1', iat: now };
const google = { iss: 'https://accounts.google.com/', aud: '1234.apps.googleusercontent.com', jti: 'g-1', iat: now };
const googleSource = {
  legacy: true,
  subjectInTokens: false,
  tokenIssuers: ['https://login.example.com'],
  allow: everything,
};
const googleUser = { subject_type: 'iss-sub', iss: google.iss, sub: '7375626A656374' };

/** In the published shapes of each identity provider. Nothing here was recorded from a running one. */
const sets: readonly Row[] = [
  [
    'Okta: the end of a session names the user, in milliseconds; the token issuer is another',
    {
      ...okta,
      events: {
        [`${caep}session-revoked`]: {
          event_timestamp: nowMs - 1234,
          initiating_entity: 'user',
          subject: { user: oktaUser, session: { format: 'opaque', id: '102abc' } },
        },
      },
    },
    oktaSource,
    [`end subject 00u1abcd2EFGH3ijk4l5 issuer ${oktaServer} up to -2 (logout), widened`],
    setHeader,
  ],
  [
    'Okta: a user without a session',
    { ...okta, events: { [`${caep}session-revoked`]: { event_timestamp: nowMs, subject: oktaUser } } },
    oktaSource,
    [`end subject 00u1abcd2EFGH3ijk4l5 issuer ${oktaServer} up to 0 (other)`],
    setHeader,
  ],
  [
    'Okta: a new factor is off',
    {
      ...okta,
      events: {
        [`${caep}credential-change`]: {
          event_timestamp: nowMs,
          credential_type: 'fido-u2f',
          change_type: 'create',
          subject: { user: oktaUser },
        },
      },
    },
    oktaSource,
    ['ignored: off'],
    setHeader,
  ],
  [
    'Okta: a new password',
    {
      ...okta,
      events: {
        [`${caep}credential-change`]: {
          event_timestamp: nowMs,
          credential_type: 'password',
          change_type: 'update',
          initiating_entity: 'user',
          subject: { user: oktaUser },
        },
      },
    },
    oktaSource,
    [`end subject 00u1abcd2EFGH3ijk4l5 issuer ${oktaServer} up to 0 (password_change)`],
    setHeader,
  ],
  [
    'Keycloak: a logout names session and user',
    { ...keycloak, sub_id: keycloakSubject('s-1'), events: { [`${caep}session-revoked`]: loggedOut } },
    {},
    [`end session s-1 issuer ${keycloak.iss} (logout)`],
    setHeader,
  ],
  [
    'Keycloak: an administrator ends every session: the session is called ALL',
    { ...keycloak, sub_id: keycloakSubject('ALL'), events: { [`${caep}session-revoked`]: loggedOut } },
    {},
    [`end subject f3a1 issuer ${keycloak.iss} up to -1 (logout)`],
    setHeader,
  ],
  [
    'Keycloak: a polled SET may have no aud',
    { ...keycloak, aud: undefined, sub_id: keycloakSubject('s-1'), events: { [`${caep}session-revoked`]: loggedOut } },
    { audience: ['rx'], mayLackAudience: true },
    [`end session s-1 issuer ${keycloak.iss} (logout)`],
    setHeader,
  ],
  [
    'Keycloak: user and tenant',
    {
      ...keycloak,
      sub_id: {
        format: 'complex',
        user: { format: 'iss_sub', iss: keycloak.iss, sub: 'f3a1' },
        tenant: { format: 'opaque', id: 'org' },
      },
      events: { [`${caep}credential-change`]: { credential_type: 'password', change_type: 'update' } },
    },
    {},
    [`end subject f3a1 issuer ${keycloak.iss} up to 0 (password_change)`],
    setHeader,
  ],
  [
    'authentik: session and e-mail without format: complex',
    {
      ...authentik,
      events: {
        [`${caep}session-revoked`]: {
          initiating_entity: 'user',
          subject: {
            session: { format: 'opaque', id: '5e884898' },
            user: { format: 'email', email: 'alice@example.com' },
          },
        },
      },
    },
    {},
    [`end session 5e884898 issuer ${authentik.iss} (logout)`],
    setHeader,
  ],
  [
    'authentik: a new password names an e-mail address',
    {
      ...authentik,
      events: {
        [`${caep}credential-change`]: {
          credential_type: 'password',
          change_type: 'update',
          subject: { user: { format: 'email', email: 'alice@example.com' } },
        },
      },
    },
    {},
    ['resolve email alice@example.com, then end'],
    setHeader,
  ],
  [
    'Google: sessions-revoked without typ',
    { ...google, events: { [`${risc}sessions-revoked`]: { subject: googleUser } } },
    googleSource,
    [`resolve iss_sub ${google.iss} 7375626A656374, then end`],
  ],
  [
    'Google: tokens-revoked',
    { ...google, events: { [`${oauth}tokens-revoked`]: { subject: googleUser } } },
    googleSource,
    [`resolve iss_sub ${google.iss} 7375626A656374, then end`],
  ],
  [
    'Google: token-revoked names a refresh token',
    {
      ...google,
      events: {
        [`${oauth}token-revoked`]: {
          subject: {
            subject_type: 'oauth_token',
            token_type: 'refresh_token',
            token_identifier_alg: 'hash_SHA512_double',
            token: 'double-hash',
          },
        },
      },
    },
    googleSource,
    ['ignored: unsupported'],
  ],
  [
    'Google: account-disabled',
    {
      ...google,
      events: {
        [`${risc}account-disabled`]: {
          subject: { ...googleUser, subject_type: 'id_token_claims', email: 'alice@gmail.com' },
          reason: 'hijacking',
        },
      },
    },
    googleSource,
    [`resolve iss_sub ${google.iss} 7375626A656374, then block`],
  ],
  [
    'Google: a SET with sub',
    { ...google, sub: '7375626A656374', events: { [`${risc}account-enabled`]: { subject: googleUser } } },
    googleSource,
    [`resolve iss_sub ${google.iss} 7375626A656374, then lift`],
  ],
  [
    'Google: verification',
    { ...google, events: { [`${risc}verification`]: { state: 'abc' } } },
    googleSource,
    ['verification abc'],
  ],
];

const logoutClaims = { iss: 'https://op.example.com', aud: 'web', iat: now, jti: 'l-1', events: { [logoutEvent]: {} } };
const op = logoutClaims.iss;
const logoutTokens: readonly Row[] = [
  [
    'Keycloak: typ logout+jwt, exp, sub and sid',
    { ...logoutClaims, exp: now + 120, sub: 'f3a1', sid: 's-1', typ: 'Logout' },
    {},
    [`end session s-1 issuer ${op} (logout)`],
    { typ: 'logout+jwt' },
  ],
  [
    'Keycloak before 23.0.4: typ JWT, no exp',
    { ...logoutClaims, sub: 'f3a1', sid: 's-1', typ: 'Logout' },
    {},
    [`end session s-1 issuer ${op} (logout)`],
    { typ: 'JWT' },
  ],
  ['Hydra: no typ, no exp, no sub', { ...logoutClaims, sid: 's-1' }, {}, [`end session s-1 issuer ${op} (logout)`]],
  [
    'Auth0: sub and sid',
    { ...logoutClaims, exp: now + 120, sub: 'auth0|alice', sid: 's-1' },
    {},
    [`end session s-1 issuer ${op} (logout)`],
    { typ: 'logout+jwt' },
  ],
  [
    'oidc-provider: a sid of the client, which access tokens contain',
    { ...logoutClaims, exp: now + 120, sub: 'alice', sid: 'sid-of-web' },
    {},
    [`end session sid-of-web issuer ${op} (logout)`],
    { typ: 'logout+jwt' },
  ],
  [
    'oidc-provider: a sid of the client, and access tokens with that of the session',
    { ...logoutClaims, exp: now + 120, sub: 'alice', sid: 'sid-of-web' },
    { sessionInTokens: false },
    [`end subject alice client web issuer ${op} up to 0 (logout), widened`],
    { typ: 'logout+jwt' },
  ],
];

describe('a SET of', () => {
  it.each(sets)('%s', async (...row) => {
    expect(await read(readSet, row)).toEqual(row[3]);
  });
});

describe('a logout token of', () => {
  it.each(logoutTokens)('%s', async (...row) => {
    expect(await read(readLogoutToken, row)).toEqual(row[3]);
  });
});
