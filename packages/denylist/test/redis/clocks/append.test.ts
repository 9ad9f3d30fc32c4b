import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPublisherOver, type Publisher } from '../../../src/publisher/publisher.ts';
import { readArray, readOptionalText, readText } from '../../../src/redis/connection/replies.ts';
import { keys } from '../../../src/redis/keys.ts';
import { clocks } from '../../../src/redis/scripts/clocks.ts';
import { script } from '../../../src/redis/scripts/script.ts';
import { agreedNow } from '../../../src/rules/agreed-now.ts';
import { digestOf } from '../../../src/rules/digest.ts';
import { restartDigest } from '../../../src/rules/log-restart.ts';
import { cutoffSkewSeconds, emptyRule, forEver, ruleMarginSeconds } from '../../../src/rules/rule.ts';
import { randomHex } from '../../../src/system-clock.ts';
import { arbitraryReadings } from '../../rules/arbitrary-readings.ts';
import { ClockWorld, hourMs, issuer, nowSeconds } from './harness.ts';
import { hostClock, restoreRedisClock, shiftRedis } from './shifted-redis.ts';

const named = { issuer, subject: 'alice' } as const;
const subject = { ...named, reason: 'password_change' } as const;
const digest = digestOf({ dimension: 'subject', issuer, value: 'alice' });

let world: ClockWorld;
beforeAll(async () => {
  world = await ClockWorld.start();
});
afterEach(() => world.reset());
afterAll(() => world.stop());

const beat = (aheadMs?: number, bootId?: string) => world.beat(aheadMs, bootId);
const ruleOf = (of = digest) => world.ruleOf(of);

async function publisherWith(aheadMs = 0): Promise<Publisher> {
  const { log, feed } = await world.open(aheadMs);
  return createPublisherOver({ log, feed, clock: hostClock('host-1', aheadMs), newId: () => randomHex(8) });
}

describe('the agreed time of the scripts', () => {
  it('is that of agreedNow, whatever the readings', async () => {
    const asked = script(
      'agreed',
      0,
      `${clocks}
local agreed, earliest, latest = agreedNow(tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4])
return { agreed and num(agreed) or '', num(earliest), num(latest) }`,
    );
    await fc.assert(
      fc.asyncProperty(arbitraryReadings, async (given) => {
        const { logMs, writer, leaseHolder } = given;
        const stored = leaseHolder && `${leaseHolder.logMs}|${leaseHolder.wallMs}|${leaseHolder.bootId}`;
        const reply = await world.redis.run(
          asked,
          [],
          [logMs, writer?.wallMs ?? '', writer?.bootId ?? '', stored ?? ''],
        );
        const found = readArray(reply, 'agreed').map((time) => readText(time, 'time'));
        const { agreedMs, earliestMs, latestMs } = agreedNow(given);
        expect(found).toEqual([agreedMs ?? '', earliestMs, latestMs].map(String));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a cutoff of now', () => {
  it.each<[string, { redis?: number; writer?: number; holder?: number }]>([
    ['all clocks are right', {}],
    ['Redis is 3 h ahead', { redis: 3 * hourMs }],
    ['Redis is 3 h behind', { redis: -3 * hourMs }],
    ['the publisher is 3 h ahead', { writer: 3 * hourMs }],
    ['the publisher is 3 h behind', { writer: -3 * hourMs }],
    ['the lease holder is 3 h behind', { holder: -3 * hourMs }],
  ])('counts from the right time when %s', async (_, { redis: redisMs = 0, writer, holder }) => {
    shiftRedis(redisMs);
    await beat(holder);
    const publisher = await publisherWith(writer);
    const before = nowSeconds();
    await publisher.revoke(subject);
    const { issuedUpTo } = await ruleOf();
    expect(issuedUpTo).toBeGreaterThanOrEqual(before + cutoffSkewSeconds);
    expect(issuedUpTo).toBeLessThanOrEqual(nowSeconds() + cutoffSkewSeconds);
  });

  it('counts from the later of two clocks while no sidecar writes heartbeats', async () => {
    shiftRedis(-30_000);
    const before = nowSeconds();
    await (await publisherWith()).revoke(subject);
    expect((await ruleOf()).issuedUpTo).toBeGreaterThanOrEqual(before + cutoffSkewSeconds);
  });

  it('ignores the reading of a lease holder on the host of the publisher: one wrong clock must not count twice', async () => {
    shiftRedis(0);
    await beat(3 * hourMs, 'host-1');
    const publisher = await publisherWith(3 * hourMs);
    await expect(publisher.revoke(subject)).rejects.toMatchObject({ code: 'clock_disagreement', applied: false });
  });

  it('ignores a reading that was stored before a failover to a Redis with another clock', async () => {
    await beat(3 * hourMs);
    shiftRedis(3 * hourMs);
    await expect((await publisherWith()).revoke(subject)).rejects.toMatchObject({ code: 'clock_disagreement' });
  });
});

describe('while no two clocks agree', () => {
  const refused = { code: 'clock_disagreement', applied: false };
  let publisher: Publisher;
  beforeEach(async () => {
    shiftRedis(3 * hourMs);
    publisher = await publisherWith();
  });

  it.each([
    ['a cutoff of now', subject],
    ['a session', { issuer, session: 's-1', reason: 'logout' }],
    ['a token without an end', { issuer, token: 't-1', reason: 'logout' }],
    ['a cutoff more than 60 s ahead of the earliest clock', { ...subject, issuedUpTo: nowSeconds() + 120 }],
  ] as const)('refuses %s, and writes no rule', async (_, revocation) => {
    await expect(publisher.revoke(revocation)).rejects.toMatchObject(refused);
    expect(await world.redis.call('HLEN', [keys.rules])).toBe(1); // the restart of the log
  });

  it('names the clocks and the way out', async () => {
    const error: unknown = await publisher.revoke(subject).catch((failure) => failure);
    expect(error).toMatchObject(refused);
    const { message } = error as Error;
    const hour = (aheadMs: number) => new Date(Date.now() + aheadMs).toISOString().slice(0, 13);
    expect(message).toContain(`the log ${hour(3 * hourMs)}`);
    expect(message).toContain(`the process that writes to it ${hour(0)}`);
    expect(message).toContain('block: true');
  });

  it.each([
    ['a block', { ...subject, block: true }],
    ['a denial with an end', { ...subject, block: true, expiresAt: nowSeconds() + 900 }],
    ['a cutoff that every clock permits', { ...subject, issuedUpTo: nowSeconds() + 30 }],
  ] as const)('takes %s', async (_, revocation) => {
    await publisher.revoke(revocation);
    const { deniedUntil, issuedUpTo } = await ruleOf();
    expect(Math.max(deniedUntil, issuedUpTo)).toBeGreaterThan(nowSeconds());
  });

  it('repeats an id that was applied before', async () => {
    restoreRedisClock();
    const first = await publisher.revoke(subject, { id: 'once' });
    shiftRedis(3 * hourMs);
    expect(await publisher.revoke(subject, { id: 'once' })).toMatchObject({ loggedAtMs: first.loggedAtMs });
  });

  it('stamps a block with the latest clock, and a lift of nothing with the earliest', async () => {
    const before = nowSeconds();
    await publisher.lift(named);
    const lift = await ruleOf();
    expect(lift.liftedUpTo).toBeGreaterThanOrEqual(before);
    expect(lift.liftedUpTo).toBeLessThanOrEqual(nowSeconds());
    await publisher.revoke({ ...subject, block: true });
    expect((await ruleOf()).denialStamp).toBeGreaterThanOrEqual(before + 3 * 3600);
  });

  it('lifts a block', async () => {
    await publisher.revoke({ ...subject, block: true });
    await publisher.lift(named);
    const { denialStamp, liftedUpTo, deniedUntil } = await ruleOf();
    expect({ deniedUntil, isLifted: liftedUpTo === denialStamp }).toEqual({ deniedUntil: forEver, isLifted: true });
  });
});

describe('a stamp', () => {
  it('of a lift of nothing is not 3 h ahead with the clock of Redis: after a failover it would end the next block', async () => {
    shiftRedis(3 * hourMs);
    await beat();
    const publisher = await publisherWith();
    await publisher.lift(named);
    const { liftedUpTo } = await ruleOf();
    expect(liftedUpTo).toBeLessThanOrEqual(nowSeconds());
    expect(liftedUpTo).toBeGreaterThan(nowSeconds() - 60);
  });

  it('of the restart of a log is not behind with the clock of Redis: tokens issued before the loss would count as later', async () => {
    shiftRedis(-3 * hourMs);
    const before = nowSeconds();
    await (await world.open()).reseed?.append(
      [{ digest, rule: { ...emptyRule, deniedUntil: 5, denialStamp: 1 } }],
      new AbortController().signal,
    );
    const { denialStamp, deniedUntil } = await ruleOf(restartDigest);
    expect(denialStamp).toBeGreaterThanOrEqual(before);
    expect(deniedUntil).toBeGreaterThanOrEqual(before + 86_400 + ruleMarginSeconds);
  });
});

describe('with programs of the last release', () => {
  /** What they store: no clock. */
  const lastReleaseBeat = async () => {
    await beat();
    await world.redis.call('HDEL', [keys.meta, 'clock']);
  };

  it('a publisher beside a lease holder without a reading uses the later of two clocks', async () => {
    await lastReleaseBeat();
    const before = nowSeconds();
    await (await publisherWith(20_000)).revoke(subject);
    expect((await ruleOf()).issuedUpTo).toBeGreaterThanOrEqual(before + 20 + cutoffSkewSeconds);
  });

  it('a lease holder of the last release leaves an old reading, which is not used', async () => {
    await beat(3 * hourMs);
    const stored = readOptionalText(await world.redis.call('HGET', [keys.meta, 'clock']), 'clock') ?? '';
    const [logMs = '', ...rest] = stored.split('|');
    await world.redis.call('HSET', [keys.meta, 'clock', [Number(logMs) - 3000, ...rest].join('|')]);
    await (await publisherWith()).revoke(subject);
    expect((await ruleOf()).issuedUpTo).toBeLessThanOrEqual(nowSeconds() + cutoffSkewSeconds);
  });
});
