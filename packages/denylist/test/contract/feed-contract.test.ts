import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { type LogError, logErrorCodes } from '../../src/log/revocation-log.ts';
import { createPublisherOver, type Publisher } from '../../src/publisher/publisher.ts';
import { openReplica, type Replica } from '../../src/replication/open-replica.ts';
import { digestOf, digestSetOf } from '../../src/rules/digest.ts';
import type { Change } from '../../src/rules/event.ts';
import { emptyRule } from '../../src/rules/rule.ts';
import { trustedIssuers } from '../../src/rules/trusted-issuers.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';
import { type World, worlds } from './worlds.ts';

const issuer = 'https://login.example.com/';
const nowSeconds = () => Math.floor(Date.now() / 1000);
const digestsOf = (session: string) => digestSetOf([{ dimension: 'session', issuer, value: session }]);

describe.each(Object.entries(worlds))('given %s', (name, openWorld) => {
  let world: World;
  let publisher: Publisher;
  const replicas: Replica[] = [];

  const use = (next: World) => {
    world = next;
    publisher = createPublisherOver({ log: world.log, feed: world.feed, clock, newId: () => randomHex(8) });
  };
  const closeReplicas = () => Promise.all(replicas.splice(0).map((replica) => replica.close()));
  beforeAll(async () => use(await openWorld()));
  afterEach(closeReplicas);
  afterAll(() => world.close());

  const startReplica = async (
    counts: { resynced: number; applied: Change[] } = { resynced: 0, applied: [] },
    maxStalenessMs?: number,
  ) => {
    const replica = openReplica({
      feed: world.feed,
      clock,
      random,
      maxStalenessMs,
      observer: {
        resynced: () => {
          counts.resynced += 1;
        },
        changeApplied: (change) => {
          counts.applied.push(change);
        },
      },
    });
    replicas.push(replica);
    expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    return replica;
  };
  const verdictOf = (replica: Replica, session: string) => replica.check(digestsOf(session), nowSeconds()).verdict;
  const seen = (replica: Replica, session: string, verdict: string) =>
    until(() => verdictOf(replica, session) === verdict, { what: `${session} to be ${verdict}` });

  it('shows a cold reader what was revoked before it came', async () => {
    const early = randomHex(4);
    await publisher.revoke({ issuer, session: early, reason: 'logout' });
    const replica = await startReplica();
    await seen(replica, early, 'revoked');
    expect(verdictOf(replica, 'nobody')).toBe('active');
  });

  it('carries a revocation to a reader that is there, with its details and times', async () => {
    const counts = { resynced: 0, applied: [] as Change[] };
    const replica = await startReplica(counts);
    const session = randomHex(4);
    const published = await publisher.revoke(
      { issuer, session, reason: 'admin', actor: 'support' },
      { id: `id-${session}` },
    );
    await seen(replica, session, 'revoked');
    const change = counts.applied.find(({ details }) => details?.id === published.id);
    expect(change?.details).toMatchObject({ dimension: 'session', reason: 'admin', actor: 'support', kind: 'revoke' });
    expect(change?.loggedAtMs).toBe(published.loggedAtMs);
  });

  it('names the epoch and the id of what was logged', async () => {
    const published = await publisher.revoke({ issuer, session: randomHex(4), reason: 'logout' }, { id: randomHex(8) });
    expect(published.epoch).toMatch(/^[0-9a-f]{16}$/);
    expect(published.redisReplicas).toBe(0);
    expect(Math.abs(published.loggedAtMs - Date.now())).toBeLessThan(60_000);
  });

  it('lifts a denial, and takes a later one', async () => {
    const replica = await startReplica();
    const subject = randomHex(4);
    const digests = digestSetOf([{ dimension: 'subject', issuer, value: subject }]);
    const verdict = () => replica.check(digests, nowSeconds()).verdict;
    await publisher.revoke({ issuer, subject, block: true, reason: 'account_disabled' });
    await until(() => verdict() === 'revoked', { what: 'the block' });
    await publisher.lift({ issuer, subject });
    await until(() => verdict() === 'active', { what: 'the lift' });
    await publisher.revoke({ issuer, subject, block: true, reason: 'account_disabled' });
    await until(() => verdict() === 'revoked', { what: 'the later block' });
  });

  it('lifts by the id of a revocation every denial of what it named, and no other', async () => {
    const replica = await startReplica();
    const [ann, bob] = [randomHex(4), randomHex(4)];
    const verdict = (subject: string) =>
      replica.check(digestSetOf([{ dimension: 'subject', issuer, value: subject }]), nowSeconds()).verdict;
    const block = (subject: string) => publisher.revoke({ issuer, subject, block: true, reason: 'account_disabled' });
    const { id } = await block(ann);
    await block(bob);
    await block(ann);
    await until(() => verdict(ann) === 'revoked' && verdict(bob) === 'revoked', { what: 'the blocks' });
    const lifted = await publisher.lift({ id, actor: 'support' });
    expect(lifted.id).not.toBe(id);
    await until(() => verdict(ann) === 'active', { what: 'the lift' });
    expect(verdict(bob)).toBe('revoked');
    // Repeated by its own id it is one lift, so a later block holds.
    await block(ann);
    await publisher.lift({ id }, { id: lifted.id });
    // So it is when the log has forgotten what it lifted: its own id is looked up first.
    await publisher.lift({ id: randomHex(8) }, { id: lifted.id });
    await until(() => verdict(ann) === 'revoked', { what: 'the later block' });
  });

  it('refuses to lift by an id that is unknown, or of a cutoff, or of a lift, and says why', async () => {
    const subject = randomHex(4);
    await publisher.revoke({ issuer, subject, block: true, reason: 'admin' });
    const cutoff = await publisher.revoke({ issuer, subject, reason: 'password_change' });
    const lift = await publisher.lift({ issuer, subject });
    for (const [id, why] of [
      [randomHex(8), /lift by what it named instead/],
      [cutoff.id, /a cutoff cannot be lifted: people log in again/],
      [lift.id, /of a lift/],
    ] as const) {
      const refused = publisher.lift({ id });
      await expect(refused).rejects.toMatchObject({ name: 'LogError', code: 'refused', applied: false });
      await expect(refused).rejects.toThrow(why);
    }
  });

  it('denies by a cutoff what was issued up to it, and nothing after', async () => {
    const replica = await startReplica();
    const subject = randomHex(4);
    const digests = digestSetOf([{ dimension: 'subject', issuer, value: subject }]);
    const cutoff = nowSeconds() - 10;
    await publisher.revoke({ issuer, subject, issuedUpTo: cutoff, reason: 'password_change' });
    await until(() => replica.check(digests, cutoff).verdict === 'revoked', { what: 'the cutoff' });
    expect(replica.check(digests, cutoff - 1).verdict).toBe('revoked');
    expect(replica.check(digests, cutoff + 1).verdict).toBe('active');
  });

  it('refuses a cutoff in the future and writes nothing', async () => {
    const subject = randomHex(4);
    const refused = publisher.revoke({ issuer, subject, issuedUpTo: nowSeconds() + 3600, reason: 'admin' });
    await expect(refused).rejects.toMatchObject({ name: 'LogError', code: 'refused', applied: false });
    expect(logErrorCodes).toContain(await refused.catch((error: LogError) => error.code));
  });

  it('writes nothing for an id it knows', async () => {
    const replica = await startReplica();
    const subject = randomHex(4);
    const digests = digestSetOf([{ dimension: 'subject', issuer, value: subject }]);
    const revocation = { issuer, subject, block: true, reason: 'admin' } as const;
    await publisher.revoke(revocation, { id: `once-${subject}` });
    await publisher.lift({ issuer, subject });
    await publisher.revoke(revocation, { id: `once-${subject}` });
    const after = randomHex(4);
    await publisher.revoke({ issuer, session: after, reason: 'logout' });
    await seen(replica, after, 'revoked');
    expect(replica.check(digests, nowSeconds()).verdict).toBe('active');
  });

  it('counts the broad revocations of every publisher together, and holds up nothing else', async () => {
    const limitedTo = (broadRulesPerMinute: number) =>
      createPublisherOver({ log: world.log, feed: world.feed, clock, newId: () => randomHex(8), broadRulesPerMinute });
    const [first, second, patient, boundless] = [
      limitedTo(3),
      limitedTo(3),
      limitedTo(4),
      limitedTo(Number.POSITIVE_INFINITY),
    ];
    const revocation = () => ({ issuer, tenant: randomHex(4), reason: 'admin' }) as const;
    const before = revocation();
    await first.revoke(before, { id: before.tenant });
    await first.revoke({ issuer, key: randomHex(4), reason: 'key_compromise' });
    await first.revoke(before, { id: before.tenant }); // known: not counted
    await second.revoke({ issuer, client: randomHex(4), reason: 'admin' });
    const refused = randomHex(4);
    for (const full of [first, second]) {
      await expect(full.revoke({ issuer, tenant: refused, reason: 'admin' })).rejects.toMatchObject({
        code: 'too_many_broad_rules',
        applied: false,
        message: expect.stringMatching(/wait \d+ s/),
      });
    }
    await first.revoke(before, { id: before.tenant });
    await first.lift({ issuer, tenant: before.tenant });
    await first.revoke({ issuer, session: randomHex(4), reason: 'logout' });
    const digest = digestOf({ dimension: 'tenant', issuer, value: randomHex(4) });
    const rule = { ...emptyRule, deniedUntil: nowSeconds() + 60, denialStamp: 5 };
    await world.log.restore([{ digest, rule }]);
    // Neither held up nor counted: the fourth is still free for whoever may have four.
    for (let index = 0; index < 5; index += 1) await boundless.revoke(revocation());
    await patient.revoke(revocation());
    await expect(patient.revoke(revocation())).rejects.toMatchObject({ code: 'too_many_broad_rules' });
    const replica = await startReplica();
    const digests = digestSetOf([{ dimension: 'tenant', issuer, value: refused }]);
    expect(replica.check(digests, nowSeconds()).verdict).toBe('active');
  });

  it('gives back a rule by seed without undoing a lift', async () => {
    const replica = await startReplica();
    const digest = digestOf({ dimension: 'subject', issuer, value: randomHex(4) });
    const rule = { ...emptyRule, deniedUntil: 0xffff_ffff, denialStamp: nowSeconds() };
    expect(await world.log.restore([{ digest, rule }])).toEqual({ restored: 1, refused: 0 });
    await until(() => replica.denylist.get(digest)?.denialStamp === rule.denialStamp, { what: 'the seed' });
    await world.log.append({
      digest,
      statement: { kind: 'lift' },
      details: { id: randomHex(8), kind: 'lift' },
    });
    expect(await world.log.restore([{ digest, rule }])).toEqual({ restored: 0, refused: 0 });
    await until(() => replica.denylist.get(digest)?.liftedUpTo === rule.denialStamp, { what: 'the lift' });
  });

  describe('to several replicas', () => {
    // The readers of an earlier test may still count.
    let shared: World;
    beforeEach(async () => {
      shared = world;
      use(await openWorld());
    });
    afterEach(async () => {
      await closeReplicas();
      await world.close();
      use(shared);
    });

    it('tells when every replica has it, and forgets one that left in order', async () => {
      // The last release remembers a reader that has left for its staleness bound and 2.5 s.
      const [first, second] = await Promise.all([startReplica(), startReplica(undefined, 2000)]);
      const published = await publisher.revoke({ issuer, session: randomHex(4), reason: 'logout' });
      const both = await published.enforcedEverywhere({ timeoutMs: 20_000 });
      expect(both).toMatchObject({ everywhere: true, enforced: 2, expected: 2, missing: [], failOpen: 0 });
      await second.close();
      await until(
        async () => {
          const later = await publisher.revoke({ issuer, session: randomHex(4), reason: 'logout' });
          const one = await later.enforcedEverywhere({ timeoutMs: 1000 });
          return one.everywhere && one.expected === 1;
        },
        { what: 'the second to be gone' },
      );
      expect(first.freshness.isFresh()).toBe(true);
    });

    it('says whether a replica trusts the issuer of a revocation', async () => {
      const open = async (issuers: (() => string) | undefined) => {
        const replica = openReplica({ feed: world.feed, clock, random, issuers });
        replicas.push(replica);
        expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
      };
      let trusted = trustedIssuers([issuer]);
      await Promise.all([open(() => trusted), open(() => trustedIssuers([issuer])), open(() => trusted)]);
      const answersFor = async (named: string) => {
        const published = await publisher.revoke({ issuer: named, session: randomHex(4), reason: 'logout' });
        const { issuerTrustedBy } = await published.enforcedEverywhere({ timeoutMs: 20_000 });
        return [issuerTrustedBy, await published.issuerTrustedBy()];
      };
      const wrong = issuer.replace(/\/$/, '');
      // Its wire has no field for issuers.
      const isLastRelease = name.includes('last release');
      expect(await answersFor(issuer)).toEqual(isLastRelease ? ['unknown', 'unknown'] : ['some', 'some']);
      expect(await answersFor(wrong)).toEqual(isLastRelease ? ['unknown', 'unknown'] : ['none', 'none']);
      if (!isLastRelease) {
        // A verifier that was created later.
        trusted = trustedIssuers([issuer, wrong]);
        await until(async () => (await answersFor(wrong)).includes('some'), { what: 'the issuer to be reported' });
      }
      trusted = trustedIssuers([issuer]);
      await open(undefined);
      await until(async () => (await answersFor(wrong)).every((answer) => answer === 'unknown'), {
        what: 'the replica with unknown issuers to count',
      });
    });

    it('lists a replica apart that accepts what it does not know', async () => {
      await startReplica();
      const open = openReplica({ feed: world.feed, clock, random, id: `open-${randomHex(4)}`, failOpen: true });
      replicas.push(open);
      await open.ready({ timeoutMs: 20_000 });
      const published = await publisher.revoke({ issuer, session: randomHex(4), reason: 'logout' });
      const result = await published.enforcedEverywhere({ timeoutMs: 20_000 });
      expect(result).toMatchObject({ everywhere: true, expected: 1 });
    });
  });

  it('resumes after a broken connection, and misses nothing', async () => {
    const counts = { resynced: 0, applied: [] as Change[] };
    const replica = await startReplica(counts);
    await world.breakConnections();
    const session = randomHex(4);
    await until(
      async () => {
        await publisher.revoke({ issuer, session, reason: 'logout' }, { id: session });
        return true;
      },
      { what: 'the log to be writable again' },
    );
    await seen(replica, session, 'revoked');
    expect(counts.resynced).toBe(1);
  });

  it('carries three hundred revocations in a row, none missing', async () => {
    const replica = await startReplica();
    const sessions = Array.from({ length: 300 }, () => randomHex(6));
    const before = replica.denylist.size;
    for (let from = 0; from < sessions.length; from += 20) {
      const slice = sessions.slice(from, from + 20);
      await Promise.all(slice.map((session) => publisher.revoke({ issuer, session, reason: 'logout' })));
    }
    await until(() => replica.denylist.size === before + 300, { what: 'three hundred rules', timeoutMs: 10_000 });
    expect(sessions.filter((session) => verdictOf(replica, session) !== 'revoked')).toEqual([]);
  }, 30_000);
});

const lookUpWorlds = ['the log in Redis', 'an embedded log', 'a log in a file'] as const;

describe.each(lookUpWorlds)('given a look-up at %s', (name) => {
  let world: World;
  let publisher: Publisher;

  beforeAll(async () => {
    world = await worlds[name]!();
    publisher = createPublisherOver({ log: world.log, feed: world.feed, clock, newId: () => randomHex(8) });
  });
  afterAll(() => world.close());

  it('answers like a fresh denylist', async () => {
    const session = randomHex(4);
    await publisher.revoke({ issuer, session, reason: 'logout' });
    await expect(world.lookUp?.find(digestsOf(session), nowSeconds())).resolves.toEqual({
      verdict: 'revoked',
      dimension: 'session',
    });
    await until(async () => (await world.lookUp?.find(digestsOf('nobody'), nowSeconds()))?.verdict === 'active', {
      what: 'the first heartbeat',
    });
  });
});
