import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NewGrant, Opened } from '../../src/families/families.ts';
import type { FamilyStore } from '../../src/families/family-store.ts';
import { MemoryFamilies } from '../../src/families/memory-families.ts';
import type { Refused } from '../../src/families/refusal.ts';
import { StoreError } from '../../src/outbox/store-error.ts';
import { issuer, secretOf } from './keys-of-test.ts';
import { createWorld } from './world.ts';

const use = { client: 'shop', accessSeconds: 900 };
const grant: NewGrant = { subject: 'alice', session: 'sid-1', data: { scope: 'orders' }, ...use };

function accepted(answer: Opened | Refused): Opened {
  if (answer.ok) return answer;
  throw new Error(`expected a token, found the refusal ${answer.outcome}`);
}

describe('opening a family', () => {
  it('gives a refresh token and the claims of the access token', async () => {
    const { families, clock } = createWorld();
    const opened = await families.open(grant);
    expect(opened).toEqual({
      ok: true,
      outcome: 'opened',
      refreshToken: expect.stringMatching(/^[\w-]{94}$/),
      expiresAtMs: clock.nowMs + 14 * 86_400_000,
      grant: expect.stringMatching(/^[\w-]{22}$/),
      data: { scope: 'orders' },
      claims: { sub: 'alice', client_id: 'shop', sid: 'sid-1', grant_id: opened.grant, iat: clock.nowMs / 1000 },
    });
  });

  const wrong: [string, object, string][] = [
    ['no subject', { subject: '' }, 'subject: expected 1–4096 characters of valid Unicode, none of them U+0000'],
    ['no client', { client: undefined }, 'client: expected 1–4096 characters of valid Unicode, none of them U+0000'],
    ['a session of 4097 characters', { session: 'x'.repeat(4097) }, 'session: expected 1–4096 characters'],
    ['half a surrogate pair', { subject: 'a\ud800' }, 'subject: expected 1–4096 characters of valid Unicode'],
    ['no lifetime', { accessSeconds: undefined }, 'accessSeconds: expected a whole number of s from 1 to 86400'],
    ['a binding without a thumbprint', { binding: { jkt: '' } }, 'binding: expected { jkt } or { "x5t#S256" }'],
    ['16 KiB of data', { data: 'x'.repeat(16_383) }, 'data: expected JSON of at most 16384 bytes'],
  ];
  it.each(wrong)('refuses %s', async (_, part, message) => {
    const { families } = createWorld();
    await expect(families.open({ ...grant, ...part })).rejects.toThrow(message);
  });
});

describe('presenting a refresh token', () => {
  it('rotates it: another token, a new iat, the same grant', async () => {
    const { families, clock } = createWorld();
    const opened = await families.open(grant);
    clock.nowMs += 600_900;
    const rotated = accepted(await families.present(opened.refreshToken, use));
    expect(rotated).toMatchObject({ outcome: 'rotated', grant: opened.grant, data: { scope: 'orders' } });
    expect(rotated.claims.iat).toBe(opened.claims.iat + 600);
    expect(rotated.refreshToken).not.toBe(opened.refreshToken);
  });

  it('gives sixteen requests at once the same child', async () => {
    const { families } = createWorld();
    const opened = await families.open(grant);
    const answers = await Promise.all(
      Array.from({ length: 16 }, async () => accepted(await families.present(opened.refreshToken, use))),
    );
    expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual([...Array(15).fill('retried'), 'rotated']);
  });

  it('gives the child again that a lost answer contained, also after a new key was promoted', async () => {
    const first = { id: 1, secret: secretOf('key 1') };
    const second = { id: 2, secret: secretOf('key 2') };
    const before = createWorld({ keys: [first, { ...second, verifyOnly: true }] });
    const opened = await before.families.open(grant);
    const lost = accepted(await before.families.present(opened.refreshToken, use));
    const after = createWorld({ keys: [{ ...first, verifyOnly: true }, second] }, { store: before.store });
    expect(accepted(await after.families.present(opened.refreshToken, use)).refreshToken).toBe(lost.refreshToken);
    const next = accepted(await after.families.present(lost.refreshToken, use));
    // A process that still signs with the old key reads the new one: it had it before it was promoted.
    expect(accepted(await before.families.present(lost.refreshToken, use)).refreshToken).toBe(next.refreshToken);
  });

  it('blames the server when a key was promoted before every process had it', async () => {
    const first = { id: 1, secret: secretOf('key 1') };
    const early = createWorld({
      keys: [
        { ...first, verifyOnly: true },
        { id: 2, secret: secretOf('key 2') },
      ],
    });
    const late = createWorld({ keys: [first] }, { store: early.store });
    const opened = await late.families.open(grant);
    await early.families.present(opened.refreshToken, use);
    expect(await late.families.present(opened.refreshToken, use)).toMatchObject({
      outcome: 'key_missing',
      status: 503,
    });
  });

  it('revokes the grant of a replayed token, and tells the client nothing about it', async () => {
    const { families, noted } = createWorld();
    const opened = await families.open(grant);
    const second = accepted(await families.present(opened.refreshToken, use));
    const third = accepted(await families.present(second.refreshToken, use));
    const replayed = await families.present(opened.refreshToken, use);
    expect(replayed).toEqual({ ok: false, outcome: 'replayed', status: 400, error: 'invalid_grant' });
    expect(noted).toEqual([
      { type: 'grant_revoked', grant: opened.grant, reason: 'refresh_reuse', id: `reuse:${opened.grant}` },
    ]);
    expect(await families.present(third.refreshToken, use)).toMatchObject({ outcome: 'ended', status: 400 });
  });

  it('never calls a lost write a theft', async () => {
    const { families, store, noted, clock } = createWorld();
    const opened = await families.open(grant);
    const copy = await copyOf(store, clock);
    const second = accepted(await families.present(opened.refreshToken, use));
    const third = accepted(await families.present(second.refreshToken, use));
    // The store is restored from a backup of before both rotations.
    const restored = createWorld({}, { store: copy });
    expect(await restored.families.present(third.refreshToken, use)).toMatchObject({ outcome: 'store_lost' });
    expect([...noted, ...restored.noted]).toEqual([]);
  });

  it('answers the 21st repetition with 429, and never the current token', async () => {
    const { families } = createWorld();
    const opened = await families.open(grant);
    const rotated = accepted(await families.present(opened.refreshToken, use));
    for (let retry = 1; retry <= 20; retry++) {
      expect(await families.present(opened.refreshToken, use)).toMatchObject({ outcome: 'retried' });
    }
    const refused = await families.present(opened.refreshToken, use);
    expect(refused).toMatchObject({ outcome: 'throttled', status: 429, retryAfterSeconds: 60 });
    expect(await families.present(rotated.refreshToken, use)).toMatchObject({ outcome: 'rotated' });
  });

  it('refuses another key and another client, and ends nothing', async () => {
    const jkt = Buffer.from(secretOf('dpop')).toString('base64url');
    const { families, noted } = createWorld();
    const opened = await families.open({ ...grant, binding: { jkt } });
    const stranger = { jkt: Buffer.from(secretOf('stranger')).toString('base64url') };
    const outcomes = [
      await families.present(opened.refreshToken, use),
      await families.present(opened.refreshToken, { ...use, binding: stranger }),
      await families.present(opened.refreshToken, { ...use, binding: { 'x5t#S256': jkt } }),
      await families.present(opened.refreshToken, { ...use, client: 'other', binding: { jkt } }),
      await families.present(opened.refreshToken, { ...use, binding: { jkt } }),
    ].map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['wrong_key', 'wrong_key', 'wrong_key', 'client_mismatch', 'rotated']);
    expect(noted).toEqual([]);
  });

  it('refuses a malformed client of a request, and throws for none', async () => {
    const { families, counted } = createWorld();
    const opened = await families.open(grant);
    for (const client of ['', 'x'.repeat(4097), 'a\0', 'a\ud800', ['shop'], undefined]) {
      const answer = await families.present(opened.refreshToken, { ...use, client: client as string });
      expect(answer).toMatchObject({ outcome: 'client_mismatch', status: 400 });
    }
    expect(counted).toEqual(Array(6).fill('client_mismatch'));
    expect(await families.present(opened.refreshToken, use)).toMatchObject({ outcome: 'rotated' });
  });

  it('never outlives the absolute lifetime, however often it rotates', async () => {
    const { families, clock } = createWorld({ idle: '2d', absolute: '3d' });
    const opened = await families.open(grant);
    const endMs = clock.nowMs + 3 * 86_400_000;
    let token = opened.refreshToken;
    while (clock.nowMs + 86_400_000 < endMs) {
      clock.nowMs += 86_400_000;
      const answer = accepted(await families.present(token, use));
      token = answer.refreshToken;
      expect(answer.expiresAtMs).toBeLessThanOrEqual(endMs);
    }
    clock.nowMs = endMs;
    expect(await families.present(token, use)).toMatchObject({ outcome: 'expired', status: 400 });
  });

  it('answers 503 while the store is down, so that the client keeps its token', async () => {
    const down = async () => Promise.reject(new StoreError('store_unavailable', 'down'));
    const { families, clock } = createWorld();
    const opened = await families.open(grant);
    const store: FamilyStore = Object.assign(new MemoryFamilies({ nowMs: () => clock.nowMs, maxFamilies: 1 }), {
      present: down,
    });
    expect(await createWorld({}, { store }).families.present(opened.refreshToken, use)).toEqual({
      ok: false,
      outcome: 'store_unavailable',
      status: 503,
      error: 'temporarily_unavailable',
      retryAfterSeconds: 1,
    });
  });

  it('does not ask the store about garbage', async () => {
    const store = new MemoryFamilies({ nowMs: () => 0, maxFamilies: 1 });
    let asked = 0;
    store.present = async () => {
      asked += 1;
      return { outcome: 'unknown' };
    };
    const { families } = createWorld({}, { store });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.anything(), fc.stringMatching(/^AQ[\w-]{92}$/)), async (garbage) => {
        expect(await families.present(garbage, use)).toMatchObject({ outcome: 'unknown', status: 400 });
      }),
    );
    expect(asked).toBe(0);
  });

  it('only moves forward, whatever is shown in which order', async () => {
    const step = fc.record({
      shown: fc.nat(12),
      waitMs: fc.constantFrom(0, 1000, 30_000, 30_001),
      other: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const { families, store, clock } = createWorld();
        const opened = await families.open(grant);
        const tokens = [opened.refreshToken];
        let generation = 0;
        let hasEnded = false;
        for (const { shown, waitMs, other } of steps) {
          clock.nowMs += waitMs;
          const client = other ? 'other' : 'shop';
          const answer = await families.present(tokens[shown % tokens.length], { ...use, client });
          if (answer.ok) tokens.push(answer.refreshToken);
          const [row] = await store.list({ issuer, subject: 'alice' });
          expect({ hasEnded, isBack: hasEnded && row !== undefined }).toEqual({ hasEnded, isBack: false });
          hasEnded ||= row === undefined;
          if (row !== undefined) {
            expect(row.generation).toBeGreaterThanOrEqual(generation);
            expect(answer.outcome === 'rotated' ? row.generation - generation : 0).toBe(
              answer.outcome === 'rotated' ? 1 : 0,
            );
            generation = row.generation;
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the count of living access tokens', () => {
  it('has one for each family whose newest access token has not expired', async () => {
    const { families, clock } = createWorld();
    expect(await families.countActive()).toBe(0);
    const first = await families.open(grant);
    await families.open({ ...grant, client: 'app' });
    expect(await families.countActive()).toBe(2);
    clock.nowMs += 900_000;
    expect(await families.countActive()).toBe(0);
    await families.present(first.refreshToken, use);
    expect(await families.countActive()).toBe(1);
  });
});

describe('your devices', () => {
  it('lists active families, newest first', async () => {
    const { families, clock } = createWorld();
    const phone = await families.open({ ...grant, session: 'phone' });
    clock.nowMs += 1000;
    const laptop = await families.open({ ...grant, session: 'laptop' });
    await families.open({ ...grant, subject: 'bob' });
    clock.nowMs += 1000;
    await families.present(phone.refreshToken, use);
    const openedAtMs = clock.nowMs - 2000;
    expect(await families.list('alice')).toEqual([
      {
        grant: laptop.grant,
        client: 'shop',
        session: 'laptop',
        data: { scope: 'orders' },
        openedAtMs: openedAtMs + 1000,
        refreshedAtMs: undefined,
        expiresAtMs: laptop.expiresAtMs,
      },
      {
        grant: phone.grant,
        client: 'shop',
        session: 'phone',
        data: { scope: 'orders' },
        openedAtMs,
        refreshedAtMs: clock.nowMs,
        expiresAtMs: clock.nowMs + 14 * 86_400_000,
      },
    ]);
  });
});

/** A store with the rows as they are now. */
async function copyOf(store: FamilyStore, clock: { nowMs: number }): Promise<FamilyStore> {
  const [row] = await store.list({ issuer, subject: 'alice' });
  const copy = new MemoryFamilies({ nowMs: () => clock.nowMs, maxFamilies: 10 });
  const { idleUntilMs, absoluteUntilMs, accessUntilMs, current, openedAtMs, ...rest } = row!;
  const lifetimes = {
    idleMs: idleUntilMs - openedAtMs,
    absoluteMs: absoluteUntilMs - openedAtMs,
    accessMs: accessUntilMs - openedAtMs,
  };
  await copy.open({ ...rest, hash: current, ...lifetimes });
  return copy;
}

describe('two issuers with one store and one secret', () => {
  it('accept no refresh token of each other', async () => {
    const here = createWorld();
    const there = createWorld({}, { store: here.store, issuer: 'https://login.example.org/' });
    const opened = await here.families.open(grant);
    expect(await there.families.present(opened.refreshToken, use)).toMatchObject({ outcome: 'unknown' });
    expect(await here.families.present(opened.refreshToken, use)).toMatchObject({ outcome: 'rotated' });
  });
});
