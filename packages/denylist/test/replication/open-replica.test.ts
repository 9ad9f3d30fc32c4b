import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { FeedError, FeedGap } from '../../src/log/feed.ts';
import type { FreshnessStatus } from '../../src/replication/freshness.ts';
import { openReplica, type Replica, type ReplicaOptions } from '../../src/replication/open-replica.ts';
import { digestOf, digestSetOf } from '../../src/rules/digest.ts';
import { endOfRestart, restartDigest } from '../../src/rules/log-restart.ts';
import { emptyRule, forEver, type Rule } from '../../src/rules/rule.ts';
import { ScriptedFeed } from './scripted-feed.ts';

const alice = { dimension: 'subject', issuer: 'https://issuer.example/', value: 'alice' } as const;
const digest = digestOf(alice);
const block: Rule = { ...emptyRule, deniedUntil: forEver, denialStamp: 1 };

const closeAll: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closeAll.splice(0)) await close();
});

async function given(options: Partial<ReplicaOptions> & { readonly prepare?: (feed: ScriptedFeed) => void } = {}) {
  const { prepare, ...rest } = options;
  const clock = new FakeClock();
  const feed = new ScriptedFeed();
  prepare?.(feed);
  const replica: Replica = openReplica({ feed, clock, random: () => 0.5, ...rest });
  closeAll.push(async () => {
    const closed = replica.close();
    feed.connections.at(-1)?.fail(new FeedError('closed', 'the test is over'));
    await closed;
  });
  await clock.advance(0);
  /** A heartbeat, proving now; the log's clock is ahead of ours by `logAheadMs`. */
  const beat = async (logAheadMs = 0) => {
    feed.latest.deliver({
      entries: [feed.write()],
      provenAtMs: clock.monotonicMs(),
      logTime: { logMs: clock.wallMs() + logAheadMs, monotonicMs: clock.monotonicMs(), roundTripMs: 0 },
    });
    await clock.advance(0);
  };
  const tell = async (rule: Rule) => {
    feed.latest.deliver({ entries: [feed.write({ digest, rule })] });
    await clock.advance(0);
  };
  const check = (issuedAt = 1_767_225_600) => replica.check(digestSetOf([alice]), issuedAt);
  return { clock, feed, replica, beat, tell, check };
}

describe('a check', () => {
  it('is unknown while cold, and says so', async () => {
    const { check } = await given({ prepare: (feed) => feed.refusals.push(new FeedError('unreachable', 'down')) });
    expect(check()).toEqual({ verdict: 'unknown', cause: 'cold' });
  });

  it('is active only while fresh', async () => {
    const { check, beat, clock } = await given();
    expect(check()).toEqual({ verdict: 'unknown', cause: 'stale' });
    await beat();
    expect(check()).toEqual({ verdict: 'active' });
    await clock.advance(5000);
    expect(check()).toEqual({ verdict: 'active' });
    await clock.advance(1);
    expect(check()).toEqual({ verdict: 'unknown', cause: 'stale' });
  });

  it('is revoked whatever the freshness', async () => {
    const { check, tell, clock } = await given();
    await tell(block);
    expect(check()).toEqual({ verdict: 'revoked', dimension: 'subject' });
    await clock.advance(3_600_000);
    expect(check()).toEqual({ verdict: 'revoked', dimension: 'subject' });
  });

  it('is unknown because of capacity, or because the log heals, where that is the cause', async () => {
    const full = await given({
      maxRules: 1,
      prepare: (feed) => {
        feed.hold(Uint32Array.of(1, 1, 1, 1), block);
        feed.hold(Uint32Array.of(2, 2, 2, 2), block);
      },
    });
    await full.beat();
    expect(full.check()).toEqual({ verdict: 'unknown', cause: 'capacity' });
    const healing = await given({
      prepare: (feed) => {
        feed.healing = true;
      },
    });
    expect(healing.check()).toEqual({ verdict: 'unknown', cause: 'healing' });
  });

  it('keeps a denial whose end the wall clock alone has passed', async () => {
    const { check, beat, tell, clock } = await given();
    const now = Math.floor(clock.wallMs() / 1000);
    await tell({ ...emptyRule, deniedUntil: now + 60, denialStamp: 1 });
    await beat();
    clock.jumpWall(3_600_000);
    expect(check().verdict).toBe('revoked');
    clock.jumpWall(-3_600_000);
    await clock.advance(60_000);
    await beat();
    expect(check().verdict).toBe('active');
  });
});

describe('ready', () => {
  it('resolves true at the moment of freshness', async () => {
    const { replica, beat } = await given();
    const ready = replica.ready({ timeoutMs: 10_000 });
    await beat();
    expect(await ready).toBe(true);
    expect(await replica.ready({ timeoutMs: 0 })).toBe(true);
  });

  it('resolves false after its time', async () => {
    const { replica, clock } = await given();
    const ready = replica.ready({ timeoutMs: 300 });
    await clock.advance(300);
    expect(await ready).toBe(false);
  });
});

describe('the status', () => {
  it('before anything is known is short', async () => {
    const { replica } = await given({ prepare: (feed) => feed.refusals.push(new FeedError('unreachable', 'down')) });
    expect(replica.status()).toEqual({
      id: '8000000080000000',
      feed: 'scripted',
      freshness: { state: 'cold', cause: 'cold', sinceMs: Date.UTC(2026, 0, 1) },
      rules: 0,
      maxRules: 4_000_000,
      lastError: 'unreachable',
    });
  });

  it('names the history, how far it is complete, and how the clocks differ', async () => {
    const { replica, clock, beat, tell } = await given({ maxRules: 7 });
    await tell(block);
    await beat(250);
    const provenAtLogMs = clock.wallMs() + 250;
    await clock.advance(100);
    expect(replica.status()).toMatchObject({
      freshness: { state: 'fresh', proofAgeMs: 100 },
      rules: 1,
      maxRules: 7,
      watermarkMs: provenAtLogMs,
      maxTokenLifetimeSeconds: 86_400,
      epoch: 'e1',
      clockOffsetMs: 250,
    });
  });

  it('names the last failure only until the feed is there again, by a snapshot or where it left off', async () => {
    const { replica, feed, clock, beat } = await given();
    for (const error of [new FeedError('closed', 'lost'), new FeedGap('chain', 'a hole')]) {
      feed.refusals.push(new FeedError('timeout', 'slow'));
      feed.latest.fail(error);
      await clock.advance(60);
      expect(replica.status().lastError).toBe('timeout');
      await clock.advance(2000);
      await beat();
      expect(replica.status().lastError).toBeUndefined();
    }
  });

  it('names a failure that is none of the feed’s as unexpected', async () => {
    const { replica } = await given({ prepare: (feed) => feed.refusals.push(new TypeError('a bug')) });
    expect(replica.status().lastError).toBe('unexpected');
  });
});

describe('housekeeping', () => {
  const ended: Rule = { ...emptyRule, deniedUntil: 1_767_225_600 - 3601, denialStamp: 1 };

  it('forgets what time has ended, once the clocks are known to agree', async () => {
    const { replica, clock, beat, tell } = await given();
    await tell(ended);
    await clock.advance(5000);
    expect(replica.status().rules).toBe(1);
    await beat(59_000);
    await clock.advance(1000);
    expect(replica.status().rules).toBe(0);
  });

  it('forgets all that has ended within a minute, however much that is', async () => {
    const { replica, clock, beat } = await given();
    for (let index = 0; index < 150_000; index++) {
      const spread = Math.imul(index, 0x9e3779b1) >>> 0;
      replica.denylist.merge({ digest: Uint32Array.of(spread, spread ^ 0xffff, index, 0), rule: ended }, 'union');
    }
    await beat(59_000);
    await clock.advance(60_000);
    expect(replica.status().rules).toBe(0);
  });

  it.each([
    ['log', 120_000, 0],
    ['wall', 0, 120_000],
  ])('forgets nothing while the %s clock is two minutes ahead', async (_, logAheadMs, wallAheadMs) => {
    const { replica, clock, beat, tell } = await given();
    await tell(ended);
    await beat(logAheadMs);
    clock.jumpWall(wallAheadMs);
    await clock.advance(10_000);
    expect(replica.status().rules).toBe(1);
  });

  it('keeps what the log’s own longest lifetime still covers', async () => {
    const { replica, clock, beat, tell } = await given({
      prepare: (feed) => {
        feed.maxTokenLifetimeSeconds = 7 * 86_400;
      },
    });
    await tell({ ...emptyRule, issuedUpTo: 1_767_225_600 - 3 * 86_400 });
    await beat();
    await clock.advance(5000);
    expect(replica.status().rules).toBe(1);
  });

  it('notices within a second that the proof is too old', async () => {
    const told: FreshnessStatus[] = [];
    const { clock, beat } = await given({ observer: { freshnessChanged: (status) => told.push(status) } });
    await beat();
    await clock.advance(6000);
    expect(told.map(({ state }) => state)).toEqual(['stale', 'fresh', 'stale']);
  });
});

describe('closing', () => {
  it('ends everything and leaves no timer, and what is held stays readable', async () => {
    const { replica, feed, clock, tell, check } = await given();
    await tell(block);
    const closed = replica.close();
    feed.latest.fail(new FeedError('closed', 'aborted'));
    await closed;
    expect([clock.sleeping, check().verdict]).toEqual([0, 'revoked']);
  });
});

describe('the restart of a log', () => {
  const restart: Rule = { ...emptyRule, deniedUntil: 1_767_225_610, denialStamp: 1_767_225_500 };
  const say = async ({ feed, clock }: Awaited<ReturnType<typeof given>>, rule: Rule) => {
    feed.latest.deliver({ entries: [feed.write({ digest: restartDigest, rule })] });
    await clock.advance(0);
  };

  it('is said with every "active", in one and the same object, until somebody ends it', async () => {
    const world = await given();
    await world.beat();
    await say(world, restart);
    expect(world.check()).toEqual({ verdict: 'active', restartedAtSeconds: restart.denialStamp });
    expect(world.check()).toBe(world.check());
    expect(world.replica.status().restartedAtSeconds).toBe(restart.denialStamp);
    await say(world, endOfRestart(restart));
    expect(world.check()).toEqual({ verdict: 'active' });
    expect(world.replica.status().restartedAtSeconds).toBeUndefined();
  });

  it('is over when every token of before has expired, and makes nothing known that is not', async () => {
    const world = await given();
    await world.beat();
    await say(world, { ...restart, deniedUntil: Math.floor(world.clock.wallMs() / 1000) + 3 });
    await world.clock.advance(2999);
    expect(world.check()).toMatchObject({ restartedAtSeconds: restart.denialStamp });
    await world.clock.advance(1);
    expect(world.check()).toEqual({ verdict: 'active' });
    await world.clock.advance(5000);
    expect(world.check()).toEqual({ verdict: 'unknown', cause: 'stale' });
  });

  it('is told once when it begins and once when it ends', async () => {
    const told: (number | undefined)[] = [];
    const world = await given({ observer: { restartChanged: (at) => told.push(at) } });
    await say(world, restart);
    await world.clock.advance(3000);
    expect(told).toEqual([restart.denialStamp]);
    await say(world, endOfRestart(restart));
    await world.clock.advance(3000);
    expect(told).toEqual([restart.denialStamp, undefined]);
  });
});
