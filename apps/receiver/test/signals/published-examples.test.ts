import { describe, expect, it } from '@jest/globals';
import { readLogoutClaims } from '../../src/signals/jwt/read-logout-token.ts';
import { readSetClaims } from '../../src/signals/jwt/read-set.ts';
import type { SourceProfile } from '../../src/signals/source-profile.ts';
import { everything, lineOf, outcomeOf, profile } from './messages.ts';

/** Claims as a specification prints them, read one minute after their `iat` by a source that is configured for them. */
function read(claims: Record<string, unknown>, source: Partial<SourceProfile> = {}) {
  const { iss, aud, iat } = claims;
  const configured = profile({
    issuer: String(iss),
    tokenIssuers: [String(iss)],
    audience: [aud].flat().map(String),
    allow: everything,
    ...source,
  });
  const context = { source: configured, nowMs: (Number(iat) + 60) * 1000 };
  return { set: readSetClaims(claims, context), logout: () => readLogoutClaims(claims, context) };
}

/** The lines of its effects, with the issuer and the second of a cutoff as they are. */
function effectsOf(claims: Record<string, unknown>, source: Partial<SourceProfile> = {}) {
  const reading = read(claims, source).set;
  if (reading.outcome !== 'accepted') return outcomeOf(reading);
  return reading.signals.flatMap(({ effects }) =>
    effects.map((effect) =>
      effect.kind === 'revoke'
        ? { ...effect.revocation, ...(effect.isWidened ? { widened: true } : {}) }
        : lineOf(effect),
    ),
  );
}

const caepType = (type: string) => `https://schemas.openid.net/secevent/caep/event-type/${type}`;
const riscType = (type: string) => `https://schemas.openid.net/secevent/risc/event-type/${type}`;
const idp = 'https://idp.example.com/123456789/';
const caepClaims = {
  iss: idp,
  jti: '24c63fb56e5a2d77a6b512616ca9fa24',
  iat: 1615305159,
  aud: 'https://sp.example.com/caep',
  txn: '8675309',
};
const riscClaims = {
  iss: 'https://idp.example.com/',
  jti: '756E69717565206964656E746966696572',
  iat: 1508184845,
  aud: '636C69656E745F6964',
};
const session = { format: 'opaque', id: 'dMTlD|1600802906337.16|16008.16' };
const policy = { initiating_entity: 'policy', event_timestamp: 1615304991 };

describe('the examples of RFC 8417 §2', () => {
  const reset = {
    iss: 'https://scim.example.com',
    iat: 1458496025,
    jti: '3d0c3cf797584bd193bd0fb1bd4e7d30',
    aud: [
      'https://jhub.example.com/Feeds/98d52461fa5bbc879593b7754',
      'https://jhub.example.com/Feeds/5d7604516b1d08641d7676ee7',
    ],
    sub: 'https://scim.example.com/Users/44f6142df96bd6ab61e7521d9',
    events: {
      'urn:ietf:params:scim:event:passwordReset': { id: '44f6142df96bd6ab61e7521d9' },
      'https://example.com/scim/event/passwordResetExt': { resetAttempts: 5 },
    },
  };
  it('2: a SCIM event with an extension means nothing here', () => {
    expect(effectsOf(reset, { legacy: true })).toEqual(['ignored: unsupported', 'ignored: unsupported']);
  });
  it('2: a SET with `sub` is refused, unless its source is a legacy one', () => {
    expect(effectsOf(reset)).toBe('has_sub');
  });

  it('2.1.1: a SCIM event means nothing here', () => {
    const claims = {
      jti: '4d3559ec67504aaba65d40b0363faad8',
      iat: 1458496404,
      iss: 'https://scim.example.com',
      aud: [
        'https://scim.example.com/Feeds/98d52461fa5bbc879593b7754',
        'https://scim.example.com/Feeds/5d7604516b1d08641d7676ee7',
      ],
      events: {
        'urn:ietf:params:scim:event:create': {
          ref: 'https://scim.example.com/Users/44f6142df96bd6ab61e7521d9',
          attributes: ['id', 'name'],
        },
      },
    };
    expect(effectsOf(claims)).toEqual(['ignored: unsupported']);
  });

  const logout = {
    iss: 'https://server.example.com',
    sub: '248289761001',
    aud: 's6BhdRkqt3',
    iat: 1471566154,
    jti: 'bWJq',
    sid: '08a5019c-17e1-4977-8f42-65a12843ea02',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  it('2.1.2: a logout token ends the session', () => {
    const { sid } = logout;
    expect(read(logout).logout()).toMatchObject({
      signals: [
        {
          type: 'logout',
          effects: [{ kind: 'revoke', revocation: { issuer: logout.iss, session: sid, reason: 'logout' } }],
        },
      ],
    });
  });
  it('2.1.2: a logout token is no SET', () => {
    expect(effectsOf(logout)).toBe('has_sub');
  });

  it('2.1.3: a consent event means nothing here', () => {
    const claims = {
      jti: 'fb4e75b5411e4e19b6c0fe87950f7749',
      iss: 'https://my.med.example.org',
      iat: 1458496025,
      aud: ['https://rp.example.com'],
      events: {
        'https://openid.net/heart/specs/consent.html': { iss: 'https://connect.example.com', sub: '248289761001' },
      },
    };
    expect(effectsOf(claims)).toEqual(['ignored: unsupported']);
  });

  it('2.1.4: a RISC event, with the subject of the drafts', () => {
    const subject = { subject_type: 'iss-sub', iss: 'https://idp.example.com/', sub: '7375626A656374' };
    const claims = { ...riscClaims, events: { [riscType('account-disabled')]: { subject, reason: 'hijacking' } } };
    expect(effectsOf(claims)).toEqual([
      'block subject 7375626A656374 issuer https://idp.example.com/ (account_disabled)',
    ]);
  });
});

describe('the examples of RFC 9493', () => {
  it.each([
    [
      '§4.1: a subject in sub_id',
      { format: 'iss_sub', iss: 'https://issuer.example.com/', sub: '145234573' },
      [{ issuer: 'https://issuer.example.com/', subject: '145234573', reason: 'other', issuedUpTo: 1508184845 }],
    ],
    [
      '§3.2.1: account',
      { format: 'account', uri: 'acct:example.user@service.example.com' },
      ['resolve account acct:example.user@service.example.com, then end'],
    ],
    ['§3.2.2: email', { format: 'email', email: 'user@example.com' }, ['resolve email user@example.com, then end']],
    [
      '§3.2.4: opaque',
      { format: 'opaque', id: '11112222333344445555' },
      [{ issuer: 'https://issuer.example.com/', session: '11112222333344445555', reason: 'other' }],
    ],
    [
      '§3.2.5: phone_number',
      { format: 'phone_number', phone_number: '+12065550100' },
      ['resolve phone_number +12065550100, then end'],
    ],
    [
      '§3.2.6: did',
      { format: 'did', url: 'did:example:123456/did/url/path?versionId=1' },
      ['resolve did did:example:123456/did/url/path?versionId=1, then end'],
    ],
    [
      '§3.2.7: uri',
      { format: 'uri', uri: 'urn:uuid:4e851e98-83c4-4743-a5da-150ecb53042f' },
      ['resolve uri urn:uuid:4e851e98-83c4-4743-a5da-150ecb53042f, then end'],
    ],
    [
      '§3.2.8: aliases',
      {
        format: 'aliases',
        identifiers: [
          { format: 'email', email: 'user@example.com' },
          { format: 'phone_number', phone_number: '+12065550100' },
        ],
      },
      ['resolve email user@example.com, then end', 'resolve phone_number +12065550100, then end'],
    ],
  ])('%s', (_name, subject, expected) => {
    const claims = {
      ...riscClaims,
      iss: 'https://issuer.example.com/',
      sub_id: subject,
      events: { [caepType('session-revoked')]: {} },
    };
    expect(effectsOf(claims)).toEqual(expected);
  });
});

describe('the examples of CAEP 1.0', () => {
  it('§3.1.2: session-revoked with a session', () => {
    const claims = {
      ...caepClaims,
      sub_id: session,
      events: { [caepType('session-revoked')]: { event_timestamp: 1615304991 } },
    };
    expect(effectsOf(claims)).toEqual([{ issuer: idp, session: session.id, reason: 'other' }]);
  });
  it('§3.1.2: session-revoked with session, user and tenant', () => {
    const user = { format: 'iss_sub', iss: idp, sub: '99beb27c-c1c2-4955-882a-e0dc4996fcbc' };
    const subject = { format: 'complex', session, user, tenant: { format: 'opaque', id: '123456789' } };
    const claims = { ...caepClaims, sub_id: subject, events: { [caepType('session-revoked')]: policy } };
    expect(effectsOf(claims)).toEqual([{ issuer: idp, session: session.id, reason: 'policy' }]);
  });
  it('§3.1.2: session-revoked with user, device and tenant', () => {
    const user = { format: 'iss_sub', iss: idp, sub: 'jane.smith@example.com' };
    const device = { format: 'iss_sub', iss: idp, sub: 'e9297990-14d2-42ec-a4a9-4036db86509a' };
    const subject = { format: 'complex', user, device, tenant: { format: 'opaque', id: '123456789' } };
    const claims = { ...caepClaims, sub_id: subject, events: { [caepType('session-revoked')]: policy } };
    expect(effectsOf(claims)).toEqual([
      { issuer: idp, subject: 'jane.smith@example.com', reason: 'policy', issuedUpTo: 1615304991, widened: true },
    ]);
  });
  it.each([
    ['§3.2.2: token-claims-change', 'token-claims-change', { claims: { role: 'ro-admin' } }, ['ignored: off']],
    [
      '§3.3.2: credential-change of a new FIDO2 key',
      'credential-change',
      { credential_type: 'fido2-roaming', change_type: 'create' },
      ['ignored: off'],
    ],
    [
      '§3.4.2: assurance-level-change',
      'assurance-level-change',
      { namespace: 'NIST-AAL', current_level: 'nist-aal2', previous_level: 'nist-aal1', change_direction: 'increase' },
      ['ignored: off'],
    ],
    [
      '§3.5.2: device-compliance-change',
      'device-compliance-change',
      { current_status: 'not-compliant', previous_status: 'compliant' },
      ['ignored: off'],
    ],
    [
      '§3.8.2: risk-level-change',
      'risk-level-change',
      { principal: 'USER', current_level: 'LOW', previous_level: 'HIGH' },
      ['ignored: off'],
    ],
  ])('%s', (_name, type, event, expected) => {
    const subject = { format: 'iss_sub', iss: idp, sub: 'jane.smith@example.com' };
    const claims = {
      ...caepClaims,
      sub_id: subject,
      events: { [caepType(type)]: { event_timestamp: 1615304991, ...event } },
    };
    expect(effectsOf(claims)).toEqual(expected);
  });
});

describe('the examples of SSF 1.0', () => {
  const claims = { ...riscClaims, iat: 1520364019, txn: '8675309' };
  it.each([
    [
      '§5: an e-mail address',
      { format: 'email', email: 'foo@example.com' },
      riscType('account-enabled'),
      {},
      ['resolve email foo@example.com, then lift'],
    ],
    [
      '§5: a phone number',
      { format: 'phone_number', phone_number: '+1 206 555 0123' },
      riscType('account-disabled'),
      { reason: 'hijacking' },
      ['resolve phone_number +1 206 555 0123, then block'],
    ],
    [
      '§5: an e-mail address, with claims',
      { format: 'email', email: 'user@example.com' },
      caepType('token-claims-change'),
      { claims: { token: 'some-token-value' } },
      ['ignored: off'],
    ],
    [
      '§5: a complex subject of another issuer',
      {
        format: 'complex',
        user: {
          format: 'iss_sub',
          iss: 'https://idp.example.com/3957ea72-1b66-44d6-a044-d805712b9288/',
          sub: 'jane.smith@example.com',
        },
      },
      caepType('session-revoked'),
      { initiating_entity: 'policy', event_timestamp: 1600975810 },
      ['ignored: unmapped_issuer'],
    ],
    [
      '§5: a proprietary format',
      { format: 'catalog_item', catalog_id: 'c0384/winter/2354122' },
      caepType('session-revoked'),
      {},
      ['ignored: unsupported'],
    ],
    [
      '§8.1.4.1: verification',
      { format: 'opaque', id: 'f67e39a0a4d34d56b3aa1bc4cff0069f' },
      'https://schemas.openid.net/secevent/ssf/event-type/verification',
      { state: 'VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo=' },
      ['verification VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo='],
    ],
    [
      '§8.1.5: stream-updated',
      { format: 'opaque', id: 'f67e39a0a4d34d56b3aa1bc4cff0069f' },
      'https://schemas.openid.net/secevent/ssf/event-type/stream-updated',
      { status: 'paused', reason: 'Internal error' },
      ['stream paused'],
    ],
  ])('%s', (_name, subject, uri, event, expected) => {
    expect(effectsOf({ ...claims, sub_id: subject, events: { [uri]: event } })).toEqual(expected);
  });
});

describe('the examples of RISC 1.0', () => {
  const subject = { format: 'iss_sub', iss: 'https://idp.example.com/', sub: '7375626A656374' };
  const cutoff = { issuer: 'https://idp.example.com/', subject: '7375626A656374', issuedUpTo: 1508184845 };
  const named = 'subject 7375626A656374 issuer https://idp.example.com/';
  it.each([
    [
      '§2.1: account-credential-change-required',
      'account-credential-change-required',
      {},
      [{ ...cutoff, reason: 'credential_leak' }],
    ],
    ['§2.3: account-disabled', 'account-disabled', { reason: 'hijacking' }, [`block ${named} (account_disabled)`]],
    ['§2.2: account-purged', 'account-purged', {}, [`block ${named} (account_disabled)`]],
    ['§2.4: account-enabled', 'account-enabled', {}, [`lift ${named}`]],
    ['§2.5: identifier-changed', 'identifier-changed', { 'new-value': 'john.roe@example.com' }, ['ignored: off']],
    ['§2.6: identifier-recycled', 'identifier-recycled', {}, ['ignored: off']],
    [
      '§2.7: credential-compromise',
      'credential-compromise',
      { credential_type: 'password' },
      [{ ...cutoff, reason: 'credential_leak' }],
    ],
  ])('%s', (_name, type, event, expected) => {
    expect(effectsOf({ ...riscClaims, sub_id: subject, events: { [riscType(type)]: event } })).toEqual(expected);
  });
});
