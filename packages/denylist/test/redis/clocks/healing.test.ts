import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import fc from 'fast-check';
import { healingBeats, isHealing } from '../../../src/log/healing.ts';
import { readNumber, readText } from '../../../src/redis/connection/replies.ts';
import { keys } from '../../../src/redis/keys.ts';
import { clocks } from '../../../src/redis/scripts/clocks.ts';
import { script } from '../../../src/redis/scripts/script.ts';
import { ClockWorld, hourMs } from './harness.ts';
import { restoreRedisClock, shiftRedis } from './shifted-redis.ts';

let world: ClockWorld;
beforeAll(async () => {
  world = await ClockWorld.start();
});
afterEach(() => world.reset());
afterAll(() => world.stop());

async function isLogHealing(): Promise<boolean> {
  const { feed } = await world.open();
  const connection = await feed.connect(new AbortController().signal, { id: 'r', progress: () => [] });
  world.atEnd(async () => connection.close());
  return (await connection.position()).healing;
}
const meta = async (field: string) => readText(await world.redis.call('HGET', [keys.meta, field]), field);
const setMeta = (...fields: (string | number)[]) => world.redis.call('HSET', [keys.meta, ...fields]);
const regularBeats = async () => Number(await meta('beats'));

describe('the end of healing', () => {
  it('is the same in the script and in isHealing', async () => {
    const asked = script(
      'healing',
      0,
      `${clocks}
local beats = ARGV[3] ~= '' and ARGV[3]
return isHealing(tonumber(ARGV[1]), ARGV[2], beats, ARGV[4], ARGV[5]) and 1 or 0`,
    );
    const time = fc.integer({ min: 0, max: 3 });
    const beats = fc.constantFrom(undefined, 0, 1, healingBeats - 1, healingBeats);
    await fc.assert(
      fc.asyncProperty(time, time, beats, fc.boolean(), async (logMs, healUntilMs, counted, isCounted) => {
        const args = [logMs, healUntilMs, counted ?? '', 'a', isCounted ? 'a' : 'b'];
        const found = readNumber(await world.redis.run(asked, [], args), 'healing') === 1;
        expect(found).toBe(isHealing({ healUntilMs, beats: counted, isCounted }, logMs));
      }),
    );
  });

  it('is not brought forward by a clock that steps 3 h ahead', async () => {
    await world.beat();
    expect(await isLogHealing()).toBe(true);
    shiftRedis(3 * hourMs);
    await world.beat();
    expect(await isLogHealing()).toBe(true);
  });

  it('is not put off for hours by a clock that steps back', async () => {
    await world.beat();
    shiftRedis(-3 * hourMs);
    await world.beat();
    const leftMs = Number(await meta('healUntil')) - Number(await meta('hbAt'));
    expect(leftMs).toBeLessThanOrEqual(15_000);
  });

  it('comes with the thirtieth regular beat after its time, and is for ever', async () => {
    await world.beat();
    await setMeta('healUntil', 1, 'beats', healingBeats - 2);
    const beats = world.startBeats();
    await until(async () => !(await isLogHealing()), { what: 'the end of healing' });
    await beats.stop();
    expect(await regularBeats()).toBe(healingBeats);
    expect(await meta('healUntil')).toBe('0');
    shiftRedis(-3 * hourMs);
    await world.beat();
    expect(await isLogHealing()).toBe(false);
  });

  it('counts no beat without the lease: thirty sidecars that start write thirty of them at once', async () => {
    const holder = world.startBeats(0, 'host-1', 'holder');
    await until(async () => (await world.redis.call('HEXISTS', [keys.meta, 'hbAt'])) === 1, { what: 'a lease holder' });
    await holder.stop();
    await world.redis.call('SET', [keys.lease, 'another', 'PX', 2000]);
    const before = await regularBeats();
    const source = await world.open();
    const others = Array.from({ length: 5 }, (_, index) => source.startHeartbeat?.({ holder: `late-${index}` }));
    for (const other of others) other?.beatNow();
    await until(async () => ((await world.redis.call('XLEN', [keys.log])) as number) > 6, { what: 'their heartbeats' });
    expect(await regularBeats()).toBe(before);
    await Promise.all(others.map((other) => other?.stop()));
  });

  it('is decided by time alone while a sidecar of the last release writes the heartbeats: it counts none', async () => {
    await world.beat();
    // What its script writes.
    await setMeta('hbAt', Number(await meta('hbAt')) + 500, 'healUntil', 1);
    expect(await isLogHealing()).toBe(false);
  });

  it('is not taken back after a sidecar of the last release had the lease: its time has passed', async () => {
    await world.beat();
    await setMeta('hbAt', Number(await meta('hbAt')) + 500, 'healUntil', 1);
    await world.beat();
    expect(await isLogHealing()).toBe(false);
  });

  it('has come for a log of the last release that is whole', async () => {
    await world.beat();
    await world.redis.call('HDEL', [keys.meta, 'beats']);
    await setMeta('healUntil', 1);
    await world.beat();
    expect(await isLogHealing()).toBe(false);
    restoreRedisClock();
  });
});
