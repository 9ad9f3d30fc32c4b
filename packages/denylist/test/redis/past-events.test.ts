import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { Redis } from 'ioredis';
import type { OpenedSource } from '../../src/log/opened-source.ts';
import { createPublisherOver, type Publisher } from '../../src/publisher/publisher.ts';
import { keys } from '../../src/redis/keys.ts';
import { digestOf } from '../../src/rules/digest.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

const issuer = 'https://login.example.com/';
const noRule = { deniedUntil: 0, issuedUpTo: 0, denialStamp: 0, liftedUpTo: 0 };

describe('the event of an id in the stream', () => {
  let redis: RedisServer | undefined;
  let admin: Redis;
  let source: OpenedSource;
  let publisher: Publisher;

  beforeEach(async () => {
    if (redis === undefined) {
      redis = await startRedis();
      admin = new Redis(redis.url);
      source = await openSource(redis.url, { clock, random, newEpoch: () => randomHex(8) });
      publisher = createPublisherOver({ log: source.log, feed: source.feed, clock, newId: () => randomHex(8) });
    }
    await admin.flushall();
  });
  afterAll(async () => {
    await source.close();
    admin.disconnect();
    await redis?.stop();
  });

  const block = (subject: string, id: string) =>
    publisher.revoke({ issuer, subject, block: true, reason: 'admin' }, { id });
  const named = (subject: string) => ({
    digest: digestOf({ dimension: 'subject', issuer, value: subject }),
    dimension: 'subject',
  });

  it('is in the history since a time, without heartbeats, restored rules and entries of other programs', async () => {
    await block('early', 'e');
    const { loggedAtMs } = await block('ann', 'a');
    await admin.xadd(keys.log, '*', 'foreign', '1');
    await source.log.restore([
      { digest: named('bob').digest, rule: { ...noRule, deniedUntil: 0xffff_ffff, denialStamp: 1 } },
    ]);
    const history: string[] = [];
    for await (const { details, loggedAtMs: at = 0 } of source.history?.(loggedAtMs) ?? []) {
      if (at >= loggedAtMs) history.push(String(details?.id));
    }
    expect(history.filter((id) => id !== 'e')).toEqual(['a']);
  });

  it('is found among other entries of that time, some of them unreadable', async () => {
    await block('before', 'b');
    await admin.xadd(keys.log, '*', 'foreign', '1');
    await block('ann', 'a');
    await block('after', 'c');
    expect(await source.log.denial('a')).toEqual(named('ann'));
    expect(await source.log.denial('b')).toEqual(named('before'));
    expect(await source.log.denial('c')).toEqual(named('after'));
  });

  it('is found far behind its time, where it is after the clock was set back', async () => {
    const first = await block('first', 'f');
    const many = admin.pipeline();
    for (let index = 0; index < 2500; index += 1) many.xadd(keys.log, '*', 'p', '', 'e', `9|${index}`);
    await many.exec();
    await block('ann', 'a');
    // As if it had been logged in the millisecond of the first: ids of the stream only grow.
    await admin.zadd(keys.ids, first.loggedAtMs, 'a');
    expect(await source.log.denial('a')).toEqual(named('ann'));
  });

  it('is found as the oldest one, although the stream dates it a little later than the log', async () => {
    await source.declareWhole?.();
    await block('ann', 'a');
    const [oldest] = await admin.xrange(keys.log, '-', '+', 'COUNT', 1);
    await admin.zadd(keys.ids, Number.parseInt(oldest?.[0] ?? '', 10) - 1, 'a');
    expect(await source.log.denial('a')).toEqual(named('ann'));
  });

  it('is refused when the stream no longer has it, or when it was deleted', async () => {
    await block('ann', 'a');
    await admin.xtrim(keys.log, 'MAXLEN', 0);
    await expect(source.log.denial('a')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('no longer keeps'),
    });
    await block('bob', 'b');
    await expect(source.log.denial('a')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('lift by what it named instead'),
    });
    expect(await source.log.denial('b')).toEqual(named('bob'));
  });

  it('is that of the lift itself when the lift is repeated, although the stream no longer has what it lifted', async () => {
    await block('ann', 'a');
    await publisher.lift({ id: 'a' }, { id: 'lift-of-a' });
    await admin.xtrim(keys.log, 'MAXLEN', 1);
    const again = await publisher.lift({ id: 'a' }, { id: 'lift-of-a' });
    expect(again.id).toBe('lift-of-a');
    await expect(publisher.lift({ id: 'a' }, { id: 'another-lift' })).rejects.toMatchObject({ code: 'refused' });
  });

  it('is not that of another revocation which has the id of the lift', async () => {
    await block('ann', 'a');
    await block('bob', 'b');
    expect(await source.log.denial('a', 'b')).toEqual(named('ann'));
    await expect(publisher.lift({ id: 'a' }, { id: 'b' })).rejects.toMatchObject({ code: 'id_conflict' });
  });

  it('is not the rule that a sidecar re-seeded', async () => {
    await expect(source.log.denial('reseed')).rejects.toMatchObject({ code: 'refused' });
    const { digest } = named('ann');
    const seed = { kind: 'seed', rule: { deniedUntil: 9, issuedUpTo: 0, denialStamp: 5, liftedUpTo: 0 } } as const;
    const details = { id: 'reseed', kind: 'reseed' } as const;
    const { loggedAtMs } = await source.log.append({ digest, statement: seed, details });
    await block('bob', 'reseed');
    await admin.zadd(keys.ids, loggedAtMs, 'reseed'); // as if both had been written in one millisecond
    expect(await source.log.denial('reseed')).toEqual(named('bob'));
  });

  it('is unavailable in a Redis that refuses the command, and nothing is lifted', async () => {
    await admin.set(keys.ids, 'foreign');
    const failed = publisher.lift({ id: 'a' });
    await expect(failed).rejects.toMatchObject({ code: 'unavailable', applied: false });
    await expect(failed).rejects.toThrow(/^nothing was lifted/);
  });
});
