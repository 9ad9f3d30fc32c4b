import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Family } from '../../src/families/family.ts';
import type { EndedFamilies, FamilyStore, NewFamily, NoteEnd, Presentation } from '../../src/families/family-store.ts';
import type { FamilyRules } from '../../src/families/state-machine.ts';

export interface StoreUnderTest {
  readonly store: FamilyStore;
  /** As if `ms` had passed for this family. */
  age(family: Family, ms: number): Promise<void>;
}

const issuer = 'https://login.example.com/';
const rules: FamilyRules = { graceMs: 30_000, maxRetries: 20, lateRetry: 'end' };
const hour = 3_600_000;
const lifetimes = { idleMs: 24 * hour, graceMs: 30_000, accessMs: 900_000 };

const hashOf = (text: string) => new Uint8Array(createHash('sha256').update(text).digest());

/** What every store of families must do. `start` gives a store of its own to each test. */
export function describeFamilyStore(name: string, start: () => Promise<StoreUnderTest>): void {
  const noted: EndedFamilies[] = [];
  const note: NoteEnd = async (ended) => {
    noted.push(ended);
  };

  const newFamily = (part: Partial<NewFamily> = {}): NewFamily => ({
    id: new Uint8Array(randomBytes(16)),
    grant: randomBytes(16).toString('hex'),
    issuer,
    client: 'shop',
    subject: `subject-${randomBytes(8).toString('hex')}`,
    session: undefined,
    binding: undefined,
    data: undefined,
    hash: hashOf('0'),
    keyId: 1,
    idleMs: lifetimes.idleMs,
    absoluteMs: 48 * hour,
    accessMs: lifetimes.accessMs,
    ...part,
  });

  /** Shows the token of a generation; its hash is that of the number. */
  const show = (family: Family, generation: number, part: Partial<Presentation['shown']> = {}): Presentation => ({
    issuer,
    family: family.id,
    shown: { generation, hash: hashOf(String(generation)), client: 'shop', ...part },
    next: { hash: hashOf(String(generation + 1)), salt: hashOf('salt').subarray(0, 16), keyId: 2 },
    rules,
    lifetimes,
  });

  describe(name, () => {
    it('opens a family, with times by its own clock', async () => {
      const { store } = await start();
      const given = newFamily({ session: 'sid', binding: 'jkt:a', data: { scope: ['a', 'b'], n: 1 } });
      const family = await store.open(given);
      const { openedAtMs } = family;
      expect(family).toMatchObject({
        id: given.id,
        grant: given.grant,
        issuer,
        client: 'shop',
        subject: given.subject,
        session: 'sid',
        binding: 'jkt:a',
        data: { scope: ['a', 'b'], n: 1 },
        generation: 0,
        current: given.hash,
        keyId: 1,
        retries: 0,
        retriedGenerations: 0,
        idleUntilMs: openedAtMs + lifetimes.idleMs,
        absoluteUntilMs: openedAtMs + 48 * hour,
        accessUntilMs: openedAtMs + lifetimes.accessMs,
      });
      expect(
        family.previous ?? family.salt ?? family.rotatedAtMs ?? family.graceUntilMs ?? family.ended,
      ).toBeUndefined();
    });

    it('rotates the current token', async () => {
      const { store, age } = await start();
      const opened = await store.open(newFamily());
      await age(opened, 10_000);
      const presentation = show(opened, 0);
      const presented = await store.present(presentation, note);
      if (presented.outcome !== 'rotated') throw new Error(`expected rotated, found ${presented.outcome}`);
      const { family, nowMs, replacedAtMs } = presented;
      expect(family).toMatchObject({
        generation: 1,
        current: presentation.next.hash,
        previous: presentation.shown.hash,
        salt: presentation.next.salt,
        keyId: 2,
        rotatedAtMs: nowMs,
      });
      expect(nowMs - replacedAtMs).toBeGreaterThanOrEqual(10_000);
      expect(nowMs - replacedAtMs).toBeLessThan(40_000);
      // Within a few microseconds, which may be rounded to the next millisecond.
      expect(Math.abs(family.idleUntilMs - nowMs - lifetimes.idleMs)).toBeLessThanOrEqual(1);
      expect(Math.abs(family.graceUntilMs! - nowMs - lifetimes.graceMs)).toBeLessThanOrEqual(1);
      expect(family.accessUntilMs).toBeGreaterThanOrEqual(opened.accessUntilMs);
      expect(family.ended).toBeUndefined();
    });

    it('has no family for a token of another issuer', async () => {
      const { store } = await start();
      const family = await store.open(newFamily());
      const asked = (generation: number) => ({ ...show(family, generation), issuer: 'https://other.example.com/' });
      expect(await store.present(asked(0), note)).toEqual({ outcome: 'unknown' });
      await store.present(show(family, 0), note);
      await store.present(show(family, 1), note);
      // Neither the repeated parent, nor a replay.
      expect(await store.present(asked(1), note)).toEqual({ outcome: 'unknown' });
      expect(await store.present(asked(0), note)).toEqual({ outcome: 'unknown' });
      expect(await store.present(show(family, 2), note)).toMatchObject({ outcome: 'rotated' });
    });

    it('rotates once for sixteen at the same time, and lets the others have the child', async () => {
      const { store } = await start();
      const family = await store.open(newFamily());
      const presented = await Promise.all(
        Array.from({ length: 16 }, (_, n) => {
          const own = { hash: hashOf(`child ${n}`), salt: hashOf(`salt ${n}`).subarray(0, 16), keyId: 1 };
          return store.present({ ...show(family, 0), next: own }, note);
        }),
      );
      expect(presented.map(({ outcome }) => outcome).sort()).toEqual([...Array(15).fill('retried'), 'rotated']);
      const children = new Set(
        presented.map((one) => ('family' in one ? Buffer.from(one.family.salt!).toString('hex') : '')),
      );
      expect(children.size).toBe(1);
    });

    it('counts retries, and the generations in a row that were retried', async () => {
      const { store } = await start();
      const family = await store.open(newFamily());
      await store.present(show(family, 0), note);
      expect(await store.present(show(family, 0), note)).toMatchObject({
        outcome: 'retried',
        family: { retries: 1, retriedGenerations: 0 },
      });
      expect(await store.present(show(family, 0), note)).toMatchObject({ outcome: 'retried', family: { retries: 2 } });
      expect(await store.present(show(family, 1), note)).toMatchObject({
        family: { retries: 0, retriedGenerations: 1 },
      });
      await store.present(show(family, 1), note);
      expect(await store.present(show(family, 2), note)).toMatchObject({
        family: { retries: 0, retriedGenerations: 2 },
      });
      expect(await store.present(show(family, 3), note)).toMatchObject({
        family: { retries: 0, retriedGenerations: 0 },
      });
    });

    it('throttles a retry, and never the current token', async () => {
      const { store } = await start();
      const family = await store.open(newFamily());
      const few = { ...rules, maxRetries: 2 };
      await store.present(show(family, 0), note);
      await store.present({ ...show(family, 0), rules: few }, note);
      await store.present({ ...show(family, 0), rules: few }, note);
      expect(await store.present({ ...show(family, 0), rules: few }, note)).toMatchObject({ outcome: 'throttled' });
      expect(await store.present({ ...show(family, 1), rules: few }, note)).toMatchObject({ outcome: 'rotated' });
    });

    it('lets a retry pass at the end of the grace, and ends the family after it', async () => {
      const { store, age } = await start();
      const family = await store.open(newFamily());
      await store.present(show(family, 0), note);
      await age(family, 29_000);
      expect(await store.present(show(family, 0), note)).toMatchObject({ outcome: 'retried' });
      noted.length = 0;
      await age(family, 1_001);
      expect(await store.present(show(family, 0), note)).toMatchObject({
        outcome: 'late_retry',
        family: { ended: { reason: 'refresh_reuse' } },
      });
      expect(noted).toEqual([{ reason: 'refresh_reuse', count: 1, grants: [family.grant] }]);
      expect(await store.present(show(family, 1), note)).toMatchObject({ outcome: 'ended' });
      expect(noted).toHaveLength(1);
    });

    it('only refuses a late retry when the rules say so', async () => {
      const { store, age } = await start();
      const family = await store.open(newFamily());
      await store.present(show(family, 0), note);
      await age(family, 31_000);
      noted.length = 0;
      const refuse = { ...rules, lateRetry: 'refuse' } as const;
      expect(await store.present({ ...show(family, 0), rules: refuse }, note)).toMatchObject({ outcome: 'late_retry' });
      expect(await store.present({ ...show(family, 1), rules: refuse }, note)).toMatchObject({ outcome: 'rotated' });
      expect(noted).toEqual([]);
    });

    it('retries a bound token at any time, for its own key only', async () => {
      const { store, age } = await start();
      const family = await store.open(newFamily({ binding: 'jkt:a' }));
      await store.present(show(family, 0, { binding: 'jkt:a' }), note);
      await age(family, hour);
      const outcomes = [
        await store.present(show(family, 0, { binding: 'jkt:a' }), note),
        await store.present(show(family, 0, { binding: 'jkt:b' }), note),
        await store.present(show(family, 0), note),
        await store.present(show(family, 1), note),
        await store.present(show(family, 1, { binding: 'jkt:a' }), note),
      ].map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['retried', 'wrong_key', 'wrong_key', 'wrong_key', 'rotated']);
    });

    it('ends a family whose grandparent is shown', async () => {
      const { store } = await start();
      const family = await store.open(newFamily());
      await store.present(show(family, 0), note);
      await store.present(show(family, 1), note);
      noted.length = 0;
      expect(await store.present(show(family, 0), note)).toMatchObject({ outcome: 'replayed' });
      expect(noted).toEqual([{ reason: 'refresh_reuse', count: 1, grants: [family.grant] }]);
    });

    it('ends a family once when many replays are shown at once', async () => {
      const { store } = await start();
      const family = await store.open(newFamily());
      await store.present(show(family, 0), note);
      await store.present(show(family, 1), note);
      noted.length = 0;
      const shown = await Promise.all(Array.from({ length: 8 }, () => store.present(show(family, 0), note)));
      expect(shown.map(({ outcome }) => outcome).sort()).toEqual([...Array(7).fill('ended'), 'replayed']);
      expect(noted).toHaveLength(1);
    });

    it('leaves a family alive when its end cannot be noted', async () => {
      const { store } = await start();
      const family = await store.open(newFamily());
      await store.present(show(family, 0), note);
      await store.present(show(family, 1), note);
      const failing = store.present(show(family, 0), async () => {
        throw new Error('the outbox is full');
      });
      await expect(failing).rejects.toThrow('the outbox is full');
      expect(await store.present(show(family, 2), note)).toMatchObject({ outcome: 'rotated' });
    });

    it.each([
      ['the parent with another hash', 1, 'other'],
      ['the current one with another hash', 2, 'other'],
      ['the next one with the hash of the current one', 3, 'current'],
      ['the parent with the hash of the current one', 1, 'current'],
    ] as const)('calls a token lost that has no place in its history: %s', async (_, generation, hash) => {
      const { store } = await start();
      const family = await store.open(newFamily());
      await store.present(show(family, 0), note);
      const rotated = await store.present(show(family, 1), note);
      const current = rotated.outcome === 'unknown' ? undefined : rotated.family.current;
      noted.length = 0;
      const shown = show(family, generation, { hash: hash === 'current' ? current : hashOf(hash) });
      expect(await store.present(shown, note)).toMatchObject({ outcome: 'store_lost' });
      expect(noted).toEqual([{ reason: 'store_lost', count: 1, grants: [family.grant] }]);
    });

    it('calls a token that it does not have lost, not stolen', async () => {
      const { store } = await start();
      const ahead = await store.open(newFamily());
      expect(await store.present(show(ahead, 1), note)).toMatchObject({ outcome: 'store_lost' });
      const other = await store.open(newFamily());
      expect(await store.present(show(other, 0, { hash: hashOf('other') }), note)).toMatchObject({
        outcome: 'store_lost',
        family: { ended: { reason: 'store_lost' } },
      });
    });

    it('refuses another client, an unknown family, and a token whose lifetime is over', async () => {
      const { store, age } = await start();
      const family = await store.open(newFamily());
      expect(await store.present(show(family, 0, { client: 'other' }), note)).toMatchObject({
        outcome: 'client_mismatch',
      });
      expect(await store.present(show({ ...family, id: new Uint8Array(16) }, 0), note)).toEqual({ outcome: 'unknown' });
      await age(family, lifetimes.idleMs);
      expect(await store.present(show(family, 0), note)).toMatchObject({ outcome: 'expired' });
      expect(await store.present(show(family, 0), note)).toMatchObject({ outcome: 'expired' });
    });

    it('never extends the absolute lifetime', async () => {
      const { store, age } = await start();
      const family = await store.open(newFamily({ absoluteMs: 25 * hour }));
      await age(family, 20 * hour);
      expect(await store.present(show(family, 0), note)).toMatchObject({ outcome: 'rotated' });
      await age(family, 5 * hour);
      expect(await store.present(show(family, 1), note)).toMatchObject({ outcome: 'expired' });
    });

    it('ends the families of a grant, of a session, of a subject but one session, of a subject at one client', async () => {
      const { store } = await start();
      const subject = `subject-${randomBytes(8).toString('hex')}`;
      const session = randomBytes(8).toString('hex');
      const families: Record<string, Family> = {};
      for (const [key, part] of Object.entries({
        grant: {},
        session: { session },
        kept: { session: 'kept' },
        client: { client: 'app' },
        rest: { session: 'rest' },
      })) {
        families[key] = await store.open(newFamily({ subject, ...part }));
      }
      const alive = async () => (await store.list({ issuer, subject })).map(({ grant }) => grant).sort();
      const grantsOf = (...keys: string[]) => keys.map((key) => families[key]!.grant).sort();
      const end = async (which: Parameters<FamilyStore['end']>[0]) =>
        (await store.end(which, { reason: 'logout', by: 'ops' }, { note })).count;

      expect(await end({ issuer, grant: families['grant']!.grant })).toBe(1);
      expect(await alive()).toEqual(grantsOf('session', 'kept', 'client', 'rest'));
      expect(await end({ issuer, session })).toBe(1);
      expect(await alive()).toEqual(grantsOf('kept', 'client', 'rest'));
      expect(await end({ issuer: 'https://other.example.com/', subject })).toBe(0);
      expect(await end({ issuer, subject, client: 'app' })).toBe(1);
      expect(await alive()).toEqual(grantsOf('kept', 'rest'));
      noted.length = 0;
      expect(await end({ issuer, subject, keep: 'kept' })).toBe(1);
      expect(noted).toEqual([{ reason: 'logout', by: 'ops', count: 1, grants: grantsOf('rest') }]);
      expect(await alive()).toEqual(grantsOf('kept'));
      expect(await end({ issuer, subject })).toBe(1);
      expect(await end({ issuer, subject })).toBe(0);
    });

    it('notes with a kept session what ended without a revocation and has a living access token', async () => {
      const { store, age } = await start();
      const subject = `subject-${randomBytes(8).toString('hex')}`;
      const dead = await store.open(newFamily({ subject, session: 'dead', accessMs: 1 }));
      const lost = await store.open(newFamily({ subject, session: 'lost' }));
      const kept = await store.open(newFamily({ subject, session: 'kept' }));
      await age(dead, 2);
      await store.endOpenedBefore(kept.openedAtMs + 3);
      const expired = await store.open(newFamily({ subject, session: 'expired', idleMs: 1 }));
      await age(expired, 2);
      await store.collect({ keepEndedMs: 30 * 24 * hour, batch: 100 });
      const out = await store.open(newFamily({ subject, session: 'out' }));
      await store.end({ issuer, grant: out.grant }, { reason: 'logout' }, { note });
      const end = async (keep?: string) => {
        const { count, grants } = await store.end({ issuer, subject, keep }, { reason: 'password_change' }, { note });
        return { count, grants: [...grants].sort() };
      };
      expect(await end('kept')).toEqual({ count: 2, grants: [lost.grant, expired.grant].sort() });
      expect(await end()).toEqual({ count: 0, grants: [] });
    });

    it('notes an end of no family, and at most 51 grants', async () => {
      const { store } = await start();
      const subject = `subject-${randomBytes(8).toString('hex')}`;
      noted.length = 0;
      await store.end({ issuer, subject }, { reason: 'admin' }, { note });
      expect(noted).toEqual([{ reason: 'admin', by: undefined, count: 0, grants: [] }]);
      await Promise.all(Array.from({ length: 60 }, () => store.open(newFamily({ subject }))));
      const ended = await store.end({ issuer, subject }, { reason: 'admin' }, { note });
      expect({ count: ended.count, grants: ended.grants.length }).toEqual({ count: 60, grants: 51 });
    });

    it('ends no family when the end cannot be noted', async () => {
      const { store } = await start();
      const family = await store.open(newFamily());
      const failing = store.end(
        { issuer, grant: family.grant },
        { reason: 'logout' },
        {
          note: async () => {
            throw new Error('the outbox is full');
          },
        },
      );
      await expect(failing).rejects.toThrow('the outbox is full');
      expect(await store.present(show(family, 0), note)).toMatchObject({ outcome: 'rotated' });
    });

    it('erases what names a person', async () => {
      const { store } = await start();
      const subject = `subject-${randomBytes(8).toString('hex')}`;
      const family = await store.open(newFamily({ subject, session: 's', data: { device: 'phone' } }));
      await store.end({ issuer, subject }, { reason: 'account_disabled', by: 'ops' }, { note, erase: true });
      const presented = await store.present(show(family, 0), note);
      expect(presented).toMatchObject({ outcome: 'ended', family: { subject: '' } });
      const row = 'family' in presented ? presented.family : undefined;
      expect(row?.session ?? row?.data ?? row?.ended?.by).toBeUndefined();
    });

    it('ends what was opened before a restore, and nothing else', async () => {
      const { store, age } = await start();
      const before = await store.open(newFamily());
      await age(before, 60_000);
      const after = await store.open(newFamily());
      expect(await store.endOpenedBefore(after.openedAtMs)).toBeGreaterThanOrEqual(1);
      expect(await store.present(show(before, 0), note)).toMatchObject({
        outcome: 'ended',
        family: { ended: { reason: 'store_lost' } },
      });
      expect(await store.present(show(after, 0), note)).toMatchObject({ outcome: 'rotated' });
    });

    it('collects: ends what has expired, then deletes what ended long ago', async () => {
      const { store, age } = await start();
      const subject = `subject-${randomBytes(8).toString('hex')}`;
      const expired = await store.open(newFamily({ subject }));
      await age(expired, lifetimes.idleMs + 1);
      const active = await store.open(newFamily({ subject, idleMs: 60 * 24 * hour, absoluteMs: 60 * 24 * hour }));
      const collect = () => store.collect({ keepEndedMs: 30 * 24 * hour, batch: 1000 });
      expect(await collect()).toEqual({ expired: 1, deleted: 0 });
      expect(await store.present(show(expired, 0), note)).toMatchObject({ outcome: 'expired' });
      await age(expired, 30 * 24 * hour);
      expect(await collect()).toEqual({ expired: 0, deleted: 1 });
      expect(await store.present(show(expired, 0), note)).toEqual({ outcome: 'unknown' });
      expect(await store.present(show(active, 0), note)).toMatchObject({ outcome: 'rotated' });
    });

    it('ends each family once when several events come at once', async () => {
      const { store } = await start();
      for (let opened = 0; opened < 20; opened++)
        await store.open(newFamily({ subject: 'of-many', client: 'of-many' }));
      const events = Array.from({ length: 4 }, () => [{ subject: 'of-many' }, { client: 'of-many' }]).flat();
      const ends = events.map((which) => store.end({ issuer, ...which }, { reason: 'admin' }, { note }));
      const counts = (await Promise.all(ends)).map(({ count }) => count);
      expect(counts.reduce((sum, count) => sum + count)).toBe(20);
    });

    it('collects no more than a batch at once', async () => {
      const { store, age } = await start();
      for (let opened = 0; opened < 5; opened++) await age(await store.open(newFamily()), lifetimes.idleMs + 1);
      const collect = () => store.collect({ keepEndedMs: 30 * 24 * hour, batch: 2 });
      expect([await collect(), await collect(), await collect(), await collect()].map((one) => one?.expired)).toEqual([
        2, 2, 1, 0,
      ]);
    });

    it('counts families, and those with a living access token by client', async () => {
      const { store, age } = await start();
      const before = await store.countRows();
      const quiet = await store.open(newFamily({ client: 'app' }));
      await age(quiet, lifetimes.accessMs + 1);
      await store.open(newFamily({ client: 'app' }));
      const gone = await store.open(newFamily({ client: 'app' }));
      await store.end({ issuer, grant: gone.grant }, { reason: 'logout' }, { note });
      const after = await store.countRows();
      expect({ active: after.active - before.active, ended: after.ended - before.ended }).toEqual({
        active: 2,
        ended: 1,
      });
      expect((await store.countLiveAccess()).get('app')).toBe(1);
    });
  });
}
