import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { keys } from '../../../src/redis/keys.ts';
import { openReplica, type Replica } from '../../../src/replication/open-replica.ts';
import { digestOf, digestToBytes } from '../../../src/rules/digest.ts';
import { emptyRule, forgetAfterSeconds, type Rule } from '../../../src/rules/rule.ts';
import { systemRandom as random } from '../../../src/system-clock.ts';
import { ClockWorld, hourMs, issuer, nowSeconds } from './harness.ts';
import { hostClock, restoreRedisClock, shiftRedis } from './shifted-redis.ts';

const named = (value: string) => digestOf({ dimension: 'session', issuer, value });
const [living, ended] = [named('living'), named('ended')];
/** Both are gone by a clock that is 3 h ahead. */
const livingRule = (): Rule => ({ ...emptyRule, deniedUntil: nowSeconds() + 900, denialStamp: nowSeconds() });
const endedRule = (): Rule => ({ ...emptyRule, deniedUntil: nowSeconds() - forgetAfterSeconds - 5, denialStamp: 1 });

let world: ClockWorld;
beforeAll(async () => {
  world = await ClockWorld.start();
});
afterEach(() => world.reset());
afterAll(() => world.stop());

async function givenRules(): Promise<void> {
  const source = await world.open();
  await source.declareWhole?.();
  const rules = [
    { digest: living, rule: livingRule() },
    { digest: ended, rule: endedRule() },
  ];
  await source.reseed?.append(rules, new AbortController().signal);
}
const holds = async (digest: Uint32Array) => (await world.ruleOf(digest)).deniedUntil > 0;
const isPruned = () =>
  until(async () => !(await holds(ended)), { what: 'the ended rule to be pruned', timeoutMs: 20_000 });

describe('pruning', () => {
  it('by a lease holder deletes what has ended, and nothing else', async () => {
    await givenRules();
    world.startBeats();
    await isPruned();
    expect(await holds(living)).toBe(true);
  });

  it('with Redis 3 h ahead deletes no rule of a living token, and another sidecar prunes what has ended', async () => {
    await givenRules();
    shiftRedis(3 * hourMs);
    world.startBeats(0, 'host-1');
    await until(async () => (await world.redis.call('HEXISTS', [keys.meta, 'clock'])) === 1, {
      what: 'a lease holder',
    });
    world.startBeats(0, 'host-2');
    await isPruned();
    expect(await holds(living)).toBe(true);
  });

  it('with Redis 3 h ahead and one sidecar deletes nothing', async () => {
    await givenRules();
    shiftRedis(3 * hourMs);
    const beats = world.startBeats();
    const beatAt = async () => Number(await world.redis.call('HGET', [keys.meta, 'hbAt']));
    const first = await beatAt();
    await until(async () => (await beatAt()) > first + 2500, { what: 'five heartbeats' });
    await beats.stop();
    expect([await holds(living), await holds(ended)]).toEqual([true, true]);
  });

  it('with Redis 3 h behind deletes nothing early', async () => {
    await givenRules();
    shiftRedis(-3 * hourMs);
    await world.beat(0, 'host-1');
    world.startBeats(0, 'host-2');
    await world.beat(0, 'host-1');
    expect(await holds(living)).toBe(true);
  });

  it('by a lease holder with a wrong clock is done by a sidecar with a right one', async () => {
    await givenRules();
    world.startBeats(3 * hourMs, 'host-1');
    await until(async () => (await world.redis.call('HEXISTS', [keys.meta, 'clock'])) === 1, {
      what: 'a lease holder',
    });
    world.startBeats(0, 'host-2');
    await isPruned();
    expect(await holds(living)).toBe(true);
  });
});

describe('a rule that was deleted without an entry in the log', () => {
  async function follow(aheadMs = 0): Promise<Replica> {
    const source = await world.open(aheadMs);
    const clock = hostClock('host-1', aheadMs);
    const replica = openReplica({ feed: source.feed, reseed: source.reseed, clock, random });
    world.atEnd(() => replica.close());
    return replica;
  }
  const prune = (digest: Uint32Array) => world.redis.call('HDEL', [keys.rules, digestToBytes(digest)]);

  it('is written back by a sidecar whose clocks agree', async () => {
    await givenRules();
    world.startBeats();
    const replica = await follow();
    expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    await prune(living);
    await until(() => holds(living), { what: 'the rule to be written back', timeoutMs: 20_000 });
  });

  it('is written back after a wrong clock is corrected, and not before', async () => {
    await givenRules();
    shiftRedis(3 * hourMs);
    world.startBeats();
    const replica = await follow();
    expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    await prune(living);
    const source = await world.open();
    // What the sidecar would compare, while it does not: its clock and that of Redis disagree.
    expect(replica.logClock.agreedSeconds()).toBeUndefined();
    expect(await source.reseed?.lacking?.([{ digest: living, rule: livingRule() }], undefined)).toHaveLength(1);
    expect(await holds(living)).toBe(false);
    restoreRedisClock();
    await until(() => holds(living), { what: 'the rule to be written back', timeoutMs: 30_000 });
  });
});

describe('the rules that a log lacks', () => {
  it('are those that are absent or lower, and none that is held or lifted', async () => {
    await givenRules();
    const source = await world.open();
    const held = await world.ruleOf(living);
    const lifted = named('lifted');
    await source.reseed?.append(
      [{ digest: lifted, rule: { ...held, liftedUpTo: held.denialStamp } }],
      new AbortController().signal,
    );
    const asked = [
      { digest: living, rule: held },
      { digest: living, rule: { ...held, deniedUntil: held.deniedUntil + 1 } },
      { digest: lifted, rule: held },
      { digest: named('absent'), rule: held },
    ];
    expect(await source.reseed?.lacking?.(asked, undefined)).toEqual([asked[1], asked[3]]);
    expect(await source.reseed?.lacking?.([], undefined)).toEqual([]);
  });

  it('are none of another log, to which the name of the first one may lead now', async () => {
    await givenRules();
    await world.redis.call('HSET', [keys.meta, 'identity', 'a'.repeat(16)]);
    const source = await world.open();
    const asked = [{ digest: named('absent'), rule: livingRule() }];
    expect(await source.reseed?.lacking?.(asked, 'b'.repeat(16))).toEqual([]);
    expect(await source.reseed?.lacking?.(asked, 'a'.repeat(16))).toEqual(asked);
  });
});
