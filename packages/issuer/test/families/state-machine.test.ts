import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Family } from '../../src/families/family.ts';
import { decide, type FamilyRules, type Shown } from '../../src/families/state-machine.ts';
import { secretOf } from './keys-of-test.ts';

const rules: FamilyRules = { graceMs: 30_000, maxRetries: 20, lateRetry: 'end' };
const rotatedAtMs = 1_800_000_000_000;
const hashes = { current: secretOf('current'), previous: secretOf('previous'), other: secretOf('other') };

const family: Family = {
  id: secretOf('family').subarray(0, 16),
  grant: 'g',
  issuer: 'https://login.example.com/',
  client: 'shop',
  subject: 'alice',
  generation: 5,
  current: hashes.current,
  previous: hashes.previous,
  salt: secretOf('salt').subarray(0, 16),
  keyId: 1,
  retries: 0,
  retriedGenerations: 0,
  openedAtMs: rotatedAtMs - 60_000,
  rotatedAtMs,
  graceUntilMs: rotatedAtMs + 30_000,
  idleUntilMs: rotatedAtMs + 1_000_000,
  absoluteUntilMs: rotatedAtMs + 2_000_000,
  accessUntilMs: rotatedAtMs + 900_000,
};
const current: Shown = { generation: 5, hash: hashes.current, client: 'shop' };
const parent: Shown = { generation: 4, hash: hashes.previous, client: 'shop' };
const bound = { ...family, binding: 'jkt:a' };

const rotated = { do: 'rotate' };
const retried = { do: 'retry' };
const refused = (outcome: string) => ({ do: 'refuse', outcome });
const ended = (outcome: string, reason: string) => ({ do: 'end', outcome, reason });

interface Row {
  readonly family?: Family;
  readonly shown: Shown;
  readonly afterMs?: number;
  readonly lateRetry?: 'end' | 'refuse';
  readonly decision: object;
}

const table: Record<string, Row> = {
  'the current token': { shown: current, decision: rotated },
  'the current token, however often its parent was shown': {
    family: { ...family, retries: 32_000 },
    shown: current,
    decision: rotated,
  },
  'the first token of a family': {
    family: { ...family, generation: 0, previous: undefined, rotatedAtMs: undefined, graceUntilMs: undefined },
    shown: { ...current, generation: 0 },
    decision: rotated,
  },
  'the parent at once': { shown: parent, decision: retried },
  'the parent at the end of the grace': { shown: parent, afterMs: 30_000, decision: retried },
  'the parent after the grace': { shown: parent, afterMs: 30_001, decision: ended('late_retry', 'refresh_reuse') },
  'the parent after the grace, when that is only refused': {
    shown: parent,
    afterMs: 30_001,
    lateRetry: 'refuse',
    decision: refused('late_retry'),
  },
  'the parent after 19 retries': { family: { ...family, retries: 19 }, shown: parent, decision: retried },
  'the parent after 20 retries': { family: { ...family, retries: 20 }, shown: parent, decision: refused('throttled') },
  'the parent after 20 retries and the grace': {
    family: { ...family, retries: 20 },
    shown: parent,
    afterMs: 30_001,
    decision: ended('late_retry', 'refresh_reuse'),
  },
  'the parent of a bound family after 20 retries': {
    family: { ...family, binding: 'jkt:a', retries: 20 },
    shown: { ...parent, binding: 'jkt:a' },
    decision: refused('throttled'),
  },
  // Else the client would try again for ever: nothing but a rotation resets the count.
  'the parent of a bound family after 20 retries and the grace': {
    family: { ...family, binding: 'jkt:a', retries: 20 },
    shown: { ...parent, binding: 'jkt:a' },
    afterMs: 30_001,
    decision: refused('late_retry'),
  },
  'the parent with another hash': {
    shown: { ...parent, hash: hashes.other },
    decision: ended('store_lost', 'store_lost'),
  },
  'the parent of a family that was never rotated': {
    family: { ...family, previous: undefined },
    shown: parent,
    decision: ended('store_lost', 'store_lost'),
  },
  'the grandparent, within the grace': {
    shown: { ...parent, generation: 3 },
    decision: ended('replayed', 'refresh_reuse'),
  },
  'the current number with another hash': {
    shown: { ...current, hash: hashes.other },
    decision: ended('store_lost', 'store_lost'),
  },
  'a number ahead': { shown: { ...current, generation: 6 }, decision: ended('store_lost', 'store_lost') },
  'a token of another client': { shown: { ...current, client: 'other' }, decision: refused('client_mismatch') },
  'a spent token of another client': {
    shown: { ...current, generation: 1, client: 'other' },
    decision: refused('client_mismatch'),
  },
  'a bound token with its key': { family: bound, shown: { ...current, binding: 'jkt:a' }, decision: rotated },
  'a bound token without a proof': { family: bound, shown: current, decision: refused('wrong_key') },
  'a bound token with another key': {
    family: bound,
    shown: { ...current, binding: 'jkt:b' },
    decision: refused('wrong_key'),
  },
  'a spent bound token with another key': {
    family: bound,
    shown: { ...current, generation: 1, binding: 'jkt:b' },
    decision: refused('wrong_key'),
  },
  'the parent of a bound family an hour later': {
    family: { ...bound, idleUntilMs: rotatedAtMs + 7_200_000, absoluteUntilMs: rotatedAtMs + 7_200_000 },
    shown: { ...parent, binding: 'jkt:a' },
    afterMs: 3_600_000,
    decision: retried,
  },
  'a bearer token with a proof': { shown: { ...current, binding: 'jkt:a' }, decision: rotated },
  'the current token before the idle lifetime is over': { shown: current, afterMs: 999_999, decision: rotated },
  'the current token at the end of the idle lifetime': {
    shown: current,
    afterMs: 1_000_000,
    decision: ended('expired', 'expired'),
  },
  'the current token at the end of the absolute lifetime': {
    family: { ...family, idleUntilMs: rotatedAtMs + 3_000_000 },
    shown: current,
    afterMs: 2_000_000,
    decision: ended('expired', 'expired'),
  },
  'a spent token after the lifetime': {
    shown: { ...current, generation: 1 },
    afterMs: 1_000_000,
    decision: ended('expired', 'expired'),
  },
  'a token of an ended family': {
    family: { ...family, ended: { atMs: rotatedAtMs, reason: 'logout' } },
    shown: current,
    decision: refused('ended'),
  },
  'a token of an expired family': {
    family: { ...family, ended: { atMs: rotatedAtMs, reason: 'expired' } },
    shown: current,
    decision: refused('expired'),
  },
};

describe('a family of refresh tokens', () => {
  it.each(Object.entries(table))('decides about %s', (_, row) => {
    const nowMs = rotatedAtMs + (row.afterMs ?? 0);
    const decision = decide(row.family ?? family, row.shown, {
      nowMs,
      rules: { ...rules, lateRetry: row.lateRetry ?? 'end' },
    });
    expect(decision).toEqual(row.decision);
  });

  const arbitraryShown = fc.record({
    generation: fc.integer({ min: 0, max: 8 }),
    hash: fc.constantFrom(...Object.values(hashes)),
    client: fc.constantFrom('shop', 'other'),
    binding: fc.constantFrom(undefined, 'jkt:a', 'jkt:b'),
  });
  const arbitraryFamily = fc.constantFrom(family, bound, { ...family, retries: 20 });
  const arbitraryNow = fc.integer({ min: rotatedAtMs, max: rotatedAtMs + 2_100_000 });

  it('lets only the holder of the current secret rotate it', () => {
    fc.assert(
      fc.property(arbitraryFamily, arbitraryShown, arbitraryNow, (row, shown, nowMs) => {
        if (decide(row, shown, { nowMs, rules }).do !== 'rotate') return;
        expect({ hash: shown.hash, generation: shown.generation }).toEqual({ hash: row.current, generation: 5 });
      }),
    );
  });

  it('gives a child again only to the holder of the previous secret', () => {
    fc.assert(
      fc.property(arbitraryFamily, arbitraryShown, arbitraryNow, (row, shown, nowMs) => {
        if (decide(row, shown, { nowMs, rules }).do !== 'retry') return;
        expect({ hash: shown.hash, generation: shown.generation }).toEqual({ hash: row.previous, generation: 4 });
      }),
    );
  });

  it('never ends because of another client or another key', () => {
    fc.assert(
      fc.property(arbitraryShown, arbitraryNow, (shown, nowMs) => {
        const isOwner = shown.client === 'shop' && shown.binding === 'jkt:a';
        if (!isOwner) expect(decide(bound, shown, { nowMs, rules }).do).toBe('refuse');
      }),
    );
  });
});
