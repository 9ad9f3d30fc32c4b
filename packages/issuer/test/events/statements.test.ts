import { describe, expect, it } from '@jest/globals';
import { revocationReasons } from '@revocast/denylist';
import { lateAfterMs } from '@revocast/denylist/replica';
import { lifecycleEventTypes, parseEvent } from '../../src/events/parse-event.ts';
import { rowId, targetOf } from '../../src/events/row-id.ts';
import { statementsOf } from '../../src/events/statements.ts';
import type { FamilyEndOfEvent, FamilySelector } from '../../src/families/family-selector.ts';
import { publicationOf } from '../../src/outbox/publication.ts';

const issuer = 'https://login.example.com/';
const nowSeconds = 1_800_000_000;
const nowMs = nowSeconds * 1000;
const context = { issuer, nowSeconds, stampedUpTo: nowSeconds };
const subject = 'alice';
const by = 'admin-7';

/** What the log gets for an event that is logged at once, with a spread of one second. */
function published(event: object, ageMs = 0) {
  return statementsOf(parseEvent(event), context).map((statement) => {
    const row = { id: 'row', target: targetOf(statement), statement, occurredAtMs: nowMs, reportedAtMs: nowMs };
    return publicationOf({ ...row, frozenAtMs: nowMs, attempts: 0, nowMs: nowMs + ageMs }, 1);
  });
}

const issuedUpTo = nowSeconds + 1;
const table = [
  [
    { type: 'session_ended', session: 's' },
    { session: 's', reason: 'logout' },
  ],
  [
    { type: 'session_ended', session: 's', reason: 'admin', by },
    { session: 's', reason: 'admin', actor: by },
  ],
  [
    { type: 'grant_revoked', grant: 'g' },
    { grant: 'g', reason: 'other' },
  ],
  [
    { type: 'grant_revoked', grant: 'g', reason: 'refresh_reuse' },
    { grant: 'g', reason: 'refresh_reuse' },
  ],
  [
    { type: 'token_revoked', token: 't', expiresAt: 1_900_000_000 },
    { token: 't', expiresAt: 1_900_000_000, reason: 'other' },
  ],
  [
    { type: 'signed_out_everywhere', subject },
    { subject, issuedUpTo, reason: 'logout' },
  ],
  [
    { type: 'password_changed', subject },
    { subject, issuedUpTo, reason: 'password_change' },
  ],
  [
    { type: 'credential_leaked', subject },
    { subject, issuedUpTo, reason: 'credential_leak' },
  ],
  [
    { type: 'user_disabled', subject },
    { subject, block: true, reason: 'account_disabled' },
  ],
  [
    { type: 'user_deleted', subject, longestTokenSeconds: 900 },
    { subject, block: true, expiresAt: nowSeconds + 900, reason: 'account_disabled' },
  ],
  [
    { type: 'consent_withdrawn', subject, client: 'c' },
    { subject, client: 'c', issuedUpTo, reason: 'policy' },
  ],
  [
    { type: 'client_compromised', client: 'c' },
    { client: 'c', issuedUpTo, reason: 'credential_leak' },
  ],
  [
    { type: 'key_compromised', key: 'k' },
    { key: 'k', reason: 'key_compromise' },
  ],
  [
    { type: 'tenant_suspended', tenant: 't' },
    { tenant: 't', block: true, reason: 'policy' },
  ],
] as const;

describe('the revocation of an event', () => {
  it.each(table)('%j', (event, revocation) => {
    expect(published(event)).toEqual([
      { kind: 'revoke', id: 'row', revocation: { issuer, actor: undefined, ...revocation }, isLate: false },
    ]);
  });

  it.each([
    [{ type: 'user_enabled', subject }, { subject }],
    [{ type: 'tenant_resumed', tenant: 't' }, { tenant: 't' }],
  ])('%j is a lift', (event, target) => {
    expect(published(event)).toEqual([{ kind: 'lift', id: 'row', target: { issuer, actor: undefined, ...target } }]);
  });

  it('is in the table for every type of event', () => {
    const tested = [...table.map(([{ type }]) => type), 'user_enabled', 'tenant_resumed'];
    expect([...new Set(tested)].sort()).toEqual([...lifecycleEventTypes].sort());
  });

  it('of an earlier time cuts off exactly there', () => {
    const at = new Date(nowMs - 60_500);
    expect(published({ type: 'password_changed', subject, at })).toMatchObject([
      { revocation: { issuedUpTo: nowSeconds - 61 + 1 } },
    ]);
  });
});

describe('a block or a lift', () => {
  it.each([
    ['just below the bound', lateAfterMs - 1, false],
    ['at the bound', lateAfterMs, false],
    ['above the bound', lateAfterMs + 1, true],
  ])('%s of 20 hours', (_name, ageMs, isLate) => {
    const [block] = published({ type: 'user_disabled', subject }, ageMs);
    const [lift] = published({ type: 'user_enabled', subject }, ageMs);
    expect({ block: block?.kind, isLate: block?.kind === 'revoke' && block.isLate, lift: lift?.kind }).toEqual({
      block: 'revoke',
      isLate,
      lift: isLate ? 'drop' : 'lift',
    });
  });

  it('that is late has another id, because the log may hold the block under its own', () => {
    const [late] = published({ type: 'user_disabled', subject }, lateAfterMs + 1);
    expect(late).toMatchObject({ revocation: { subject, issuedUpTo } });
    expect(late?.kind === 'revoke' && late.id !== 'row' && !('block' in late.revocation)).toBe(true);
  });
});

describe('the id of a row', () => {
  const idOf = (event: object, eventId = 'e') =>
    statementsOf(parseEvent(event), context).map((statement) => rowId(eventId, issuer, statement))[0];

  it('is the same for the same event, and another one for another event, value or kind', () => {
    const first = idOf({ type: 'user_disabled', subject });
    expect(idOf({ type: 'user_disabled', subject })).toBe(first);
    const others = [
      idOf({ type: 'user_disabled', subject }, 'e2'),
      idOf({ type: 'user_disabled', subject: 'bob' }),
      idOf({ type: 'user_enabled', subject }),
      idOf({ type: 'password_changed', subject }),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it('names nobody', () => {
    expect(idOf({ type: 'user_disabled', subject }, 'event-of-alice')).toMatch(/^[\w-]{43}$/);
  });
});

describe('an event that is malformed', () => {
  it.each([
    [undefined, 'event: expected an object, found nothing'],
    [[], 'event: expected an object, found an array'],
    [{ type: 'toString' }, 'event.type: expected one of session_ended'],
    [
      { type: 'session_ended' },
      'event.session: expected 1–4096 characters of valid Unicode, none of them U+0000, found nothing',
    ],
    [{ type: 'session_ended', session: 'a\0b' }, 'event.session: expected 1–4096 characters of valid Unicode'],
    [{ type: 'password_changed', subject: 'a\ud800' }, 'event.subject: expected 1–4096 characters of valid Unicode'],
    [{ type: 'session_ended', session: '' }, 'found an empty string'],
    [{ type: 'session_ended', session: 'SECRET'.repeat(700) }, 'found another string'],
    [{ type: 'session_ended', session: 's', subject: 'SECRET' }, 'found the unknown field "subject"'],
    [{ type: 'session_ended', session: 's', reason: 'SECRET' }, 'event.reason: expected one of logout, admin, policy'],
    [
      { type: 'grant_revoked', grant: 'g', reason: 'SECRET' },
      `event.reason: expected one of ${revocationReasons.join(', ')}`,
    ],
    [
      { type: 'token_revoked', token: 't', expiresAt: 1.8e12 },
      'event.expiresAt: expected a whole number of claim seconds',
    ],
    [
      { type: 'user_deleted', subject, longestTokenSeconds: 0 },
      'event.longestTokenSeconds: expected a whole number of s from 1 to 2592000',
    ],
    [{ type: 'user_disabled', subject, by: 'SECRET\n' }, 'event.by: expected 1–128 printable ASCII characters'],
    [
      { type: 'user_disabled', subject, id: 'SEC RET' },
      'event.id: expected 1–128 printable ASCII characters without spaces',
    ],
    [{ type: 'user_disabled', subject, at: 1_800_000_000_000 }, 'event.at: expected a Date after 2001'],
    [{ type: 'user_disabled', subject, at: new Date(Number.NaN) }, 'event.at: expected a Date after 2001'],
  ])('%j is refused by name, without its value', (event, text) => {
    let message = '';
    try {
      parseEvent(event);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain(text);
    expect(message).not.toMatch(/SECRET|SEC RET/);
  });
});

describe('an event that ends refresh families', () => {
  const statements = (event: object, which: FamilySelector) => {
    const end: FamilyEndOfEvent = { which, ending: { reason: 'other' } };
    const ended = { count: 1, grants: ['g'] };
    return statementsOf(parseEvent(event), { ...context, end, ended }).map(({ kind, end }) => [kind, end?.which]);
  };

  it('names them, so that they can end again until the commit', () => {
    const which = { issuer, subject };
    expect(statements({ type: 'password_changed', subject }, which)).toEqual([['cutoff', which]]);
    expect(statements({ type: 'session_ended', session: 's' }, { issuer, session: 's' })).toEqual([
      ['deny', { issuer, session: 's' }],
    ]);
    expect(statements({ type: 'grant_revoked', grant: 'g' }, { issuer, grant: 'g' })).toEqual([['deny', undefined]]);
  });

  it('has a row of its own for them when a session is kept, also without a family', () => {
    const which = { issuer, subject, keep: 's' };
    expect(statements({ type: 'password_changed', subject, keep: 's' }, which)).toEqual([
      ['end', which],
      ['deny', undefined],
    ]);
  });
});
