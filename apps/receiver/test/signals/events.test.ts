import { describe, expect, it } from '@jest/globals';
import { type SourceProfile, settableEvents, signalTypes } from '../../src/signals/index.ts';
import { readSetClaims } from '../../src/signals/jwt/read-set.ts';
import { caep, everything, now, nowMs, oauth, outcomeOf, profile, risc, set, ssf, user } from './messages.ts';

type Row = readonly [
  name: string,
  uri: string,
  expected: readonly string[] | string,
  options?: { readonly event?: object; readonly claims?: object; readonly source?: Partial<SourceProfile> },
];

const password = { credential_type: 'password', change_type: 'update' };
const cutoff = (type: string) => ({ source: { events: { [type]: 'cutoff' } } as Partial<SourceProfile> });
const allowed = { source: { allow: everything } };

/** Every row of the table of events in docs/receiver.md. */
const rows: readonly Row[] = [
  ['CAEP session-revoked ends what the subject names', `${caep}session-revoked`, ['end subject alice up to 0 (other)']],
  ['RISC sessions-revoked is a cutoff', `${risc}sessions-revoked`, ['end subject alice up to 0 (other)']],
  ['OAuth tokens-revoked is a cutoff', `${oauth}tokens-revoked`, ['end subject alice up to 0 (other)']],
  [
    'OAuth token-revoked of a jwt_id is the token',
    `${oauth}token-revoked`,
    ['end token j (other)'],
    { claims: { sub_id: { format: 'jwt_id', iss: user().iss, jti: 'j' } } },
  ],
  [
    'a cutoff at event_timestamp',
    `${caep}session-revoked`,
    ['end subject alice up to -100 (other)'],
    { event: { event_timestamp: now - 100 }, claims: { toe: now - 50 } },
  ],
  [
    'a cutoff at event_timestamp in milliseconds (Okta)',
    `${caep}session-revoked`,
    ['end subject alice up to -100 (other)'],
    { event: { event_timestamp: nowMs - 100_000 } },
  ],
  [
    'a cutoff at toe where there is no event_timestamp',
    `${caep}session-revoked`,
    ['end subject alice up to -50 (other)'],
    { claims: { toe: now - 50 } },
  ],
  [
    'a cutoff at iat where there is neither',
    `${caep}session-revoked`,
    ['end subject alice up to -5 (other)'],
    { claims: { iat: now - 5 } },
  ],
  [
    'never after iat',
    `${caep}session-revoked`,
    ['end subject alice up to 0 (other)'],
    { event: { event_timestamp: now + 1000 } },
  ],
  [
    'an event_timestamp that is no time is passed over',
    `${caep}session-revoked`,
    ['end subject alice up to -50 (other)'],
    { event: { event_timestamp: 0 }, claims: { toe: now - 50 } },
  ],
  [
    'a sender whose clock is ahead: by its clock, which also stamps tokens',
    `${caep}session-revoked`,
    ['end subject alice up to 30 (other)'],
    { claims: { iat: now + 30 } },
  ],
  [
    'not further ahead than the log takes',
    `${caep}session-revoked`,
    ['end subject alice up to 55 (other)'],
    { claims: { iat: now + 60 } },
  ],
  [
    'reason by initiating_entity: admin',
    `${caep}session-revoked`,
    ['end subject alice up to 0 (admin)'],
    { event: { initiating_entity: 'admin' } },
  ],
  [
    'reason by initiating_entity: user',
    `${caep}session-revoked`,
    ['end subject alice up to 0 (logout)'],
    { event: { initiating_entity: 'user' } },
  ],
  [
    'reason by initiating_entity: policy',
    `${caep}session-revoked`,
    ['end subject alice up to 0 (policy)'],
    { event: { initiating_entity: 'policy' } },
  ],
  [
    'reason by initiating_entity: system',
    `${caep}session-revoked`,
    ['end subject alice up to 0 (policy)'],
    { event: { initiating_entity: 'system' } },
  ],
  [
    'reason by initiating_entity: another word',
    `${caep}session-revoked`,
    ['end subject alice up to 0 (other)'],
    { event: { initiating_entity: 'constructor' } },
  ],
  [
    'credential-change: password, update',
    `${caep}credential-change`,
    ['end subject alice up to 0 (password_change)'],
    { event: password },
  ],
  [
    'credential-change: password, revoke',
    `${caep}credential-change`,
    ['end subject alice up to 0 (password_change)'],
    { event: { ...password, change_type: 'revoke' } },
  ],
  [
    'credential-change: password, delete',
    `${caep}credential-change`,
    ['end subject alice up to 0 (password_change)'],
    { event: { ...password, change_type: 'delete' } },
  ],
  [
    'credential-change: password, create, is off',
    `${caep}credential-change`,
    ['ignored: off'],
    { event: { ...password, change_type: 'create' } },
  ],
  [
    'credential-change: another credential is off',
    `${caep}credential-change`,
    ['ignored: off'],
    { event: { credential_type: 'fido2-roaming', change_type: 'update' } },
  ],
  [
    'credential-change: every credential, by the option',
    `${caep}credential-change`,
    ['end subject alice up to 0 (password_change)'],
    { event: { credential_type: 'fido2-roaming', change_type: 'create' }, ...cutoff('credential-change') },
  ],
  [
    'credential-change: off, by the option',
    `${caep}credential-change`,
    ['ignored: off'],
    { event: password, source: { events: { 'credential-change': 'off' } } },
  ],
  [
    'credential-change without its required members',
    `${caep}credential-change`,
    'bad_events',
    { event: { credential_type: 'password' } },
  ],
  ['RISC account-disabled is a block', `${risc}account-disabled`, ['block subject alice (account_disabled)'], allowed],
  [
    'RISC account-disabled without the right to block is a cutoff',
    `${risc}account-disabled`,
    ['end subject alice up to 0 (account_disabled)'],
  ],
  [
    'RISC account-disabled is a cutoff, by the option',
    `${risc}account-disabled`,
    ['end subject alice up to 0 (account_disabled)'],
    { source: { allow: everything, events: { 'account-disabled': 'cutoff' } } },
  ],
  ['RISC account-purged is a block', `${risc}account-purged`, ['block subject alice (account_disabled)'], allowed],
  ['RISC account-enabled is a lift', `${risc}account-enabled`, ['lift subject alice'], allowed],
  ['RISC account-enabled without the right to lift', `${risc}account-enabled`, ['ignored: not_allowed']],
  [
    'RISC credential-compromise is a cutoff',
    `${risc}credential-compromise`,
    ['end subject alice up to 0 (credential_leak)'],
  ],
  [
    'RISC account-credential-change-required is a cutoff',
    `${risc}account-credential-change-required`,
    ['end subject alice up to 0 (credential_leak)'],
  ],
  ...[
    'session-established',
    'session-presented',
    'token-claims-change',
    'assurance-level-change',
    'risk-level-change',
    'device-compliance-change',
  ].flatMap((type): readonly Row[] => [
    [`CAEP ${type} is off`, `${caep}${type}`, ['ignored: off']],
    [`CAEP ${type} is a cutoff, by the option`, `${caep}${type}`, ['end subject alice up to 0 (policy)'], cutoff(type)],
  ]),
  ...[
    'identifier-changed',
    'identifier-recycled',
    'opt-in',
    'opt-out-initiated',
    'opt-out-cancelled',
    'opt-out-effective',
    'recovery-activated',
    'recovery-information-changed',
  ].map((type): Row => [`RISC ${type} is off`, `${risc}${type}`, ['ignored: off']]),
  [
    'verification has a state',
    `${ssf}verification`,
    ['verification abc'],
    { event: { state: 'abc' }, claims: { sub_id: { format: 'opaque', id: 'stream-1' } } },
  ],
  [
    'verification without a state',
    `${ssf}verification`,
    ['verification without state'],
    { claims: { sub_id: undefined } },
  ],
  [
    'verification with a state of 1025 characters',
    `${ssf}verification`,
    ['verification without state'],
    { event: { state: 'a'.repeat(1025) } },
  ],
  [
    'verification of RISC (Google)',
    `${risc}verification`,
    ['verification abc'],
    { event: { state: 'abc' }, claims: { sub_id: undefined } },
  ],
  [
    'verification of the drafts (SSE)',
    'https://schemas.openid.net/secevent/sse/event-type/verification',
    ['verification abc'],
    { event: { state: 'abc' } },
  ],
  ...['enabled', 'paused', 'disabled'].map(
    (status): Row => [`stream-updated: ${status}`, `${ssf}stream-updated`, [`stream ${status}`], { event: { status } }],
  ),
  ['stream-updated: another word', `${ssf}stream-updated`, ['stream other'], { event: { status: 'sleeping' } }],
  ['stream-updated without its status', `${ssf}stream-updated`, 'bad_events'],
  [
    'an event that is not in the table',
    'https://schemas.okta.com/secevent/okta/event-type/ip-change',
    ['ignored: unsupported'],
  ],
  ['an event named after a member of every object', 'constructor', ['ignored: unsupported']],
];

function read(uri: string, { event = {}, claims = {}, source = {} }: NonNullable<Row[3]> = {}) {
  return readSetClaims(set(uri, { sub_id: user(), event, ...claims }), { source: profile(source), nowMs });
}

describe('the table of events', () => {
  it.each(rows)('%s', (_name, uri, expected, options = {}) => {
    expect(outcomeOf(read(uri, options))).toEqual(expected);
  });

  it('lets every revoking event be a cutoff but a lift', () => {
    const others = signalTypes.filter((type) => !settableEvents.includes(type));
    expect(others).toEqual(['account-enabled', 'verification', 'stream-updated', 'other']);
  });

  it('reads each event of a SET', () => {
    const events = { [`${caep}session-revoked`]: {}, [`${caep}credential-change`]: password };
    const reading = readSetClaims(set('', { sub_id: user(), events }), { source: profile(), nowMs });
    expect(outcomeOf(reading)).toEqual([
      'end subject alice up to 0 (other)',
      'end subject alice up to 0 (password_change)',
    ]);
  });

  it('takes the time of the event for the latency, but not a time after the receipt', () => {
    const times = [now - 7, now + 30].map((iat) => {
      const reading = read(`${caep}session-revoked`, { claims: { iat } });
      return reading.outcome === 'accepted' ? reading.signals[0]?.occurredAtMs : reading.outcome;
    });
    expect(times).toEqual([nowMs - 7000, nowMs]);
  });
});
