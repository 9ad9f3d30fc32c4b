import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenedSource } from '../../../src/log/opened-source.ts';
import { createPublisherOver } from '../../../src/publisher/publisher.ts';
import { keys } from '../../../src/redis/keys.ts';
import { digestOf } from '../../../src/rules/digest.ts';
import { ClockWorld, issuer, nowSeconds } from './harness.ts';
import { hostClock } from './shifted-redis.ts';

let world: ClockWorld;
beforeAll(async () => {
  world = await ClockWorld.start();
});
afterEach(() => world.reset());
afterAll(() => world.stop());

async function skewOf(source: OpenedSource): Promise<number | undefined> {
  const connection = await source.feed.connect(new AbortController().signal, { id: 'r', progress: () => [] });
  world.atEnd(async () => connection.close());
  return (await connection.position()).cutoffSkewSeconds;
}

async function cutoff(source: OpenedSource): Promise<number> {
  const { log, feed } = source;
  const publisher = createPublisherOver({ log, feed, clock: hostClock('host-1'), newId: () => 'id' });
  await publisher.revoke({ issuer, subject: 'alice', reason: 'password_change' });
  return (await world.ruleOf(digestOf({ dimension: 'subject', issuer, value: 'alice' }))).issuedUpTo - nowSeconds();
}

describe('the skew of a log', () => {
  it('is 5 s in a new log, for a cutoff and for every reader', async () => {
    const source = await world.open();
    await source.declareWhole?.();
    expect(await skewOf(source)).toBe(5);
    expect([4, 5]).toContain(await cutoff(source));
  });

  it('is 2 s in a log of the last release, until it is raised', async () => {
    const source = await world.open();
    await source.declareWhole?.();
    await world.redis.call('HDEL', [keys.meta, 'skew']);
    expect(await skewOf(source)).toBe(2);
    expect([1, 2]).toContain(await cutoff(source));
    expect(await source.raiseSkew?.()).toBe(true);
    expect(await source.raiseSkew?.()).toBe(false);
    expect(await skewOf(source)).toBe(5);
  });

  it('is not stated where there is no log', async () => {
    const source = await world.open();
    expect(await source.raiseSkew?.()).toBe(false);
    expect(await world.redis.call('EXISTS', [keys.meta])).toBe(0);
  });
});
