import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { type Clock, pauseTogether } from '../src/clock.ts';

/** Milliseconds at which a loop with pauses of `ms` goes on, when it begins at `startsAtMs` and works for `workMs` each time. */
async function timesOf(clock: FakeClock & Clock, ms: number, workMs: number): Promise<number[]> {
  const times: number[] = [];
  const loop = async () => {
    for (let time = 0; time < 3; time++) {
      await pauseTogether(clock, ms);
      times.push(clock.monotonicMs());
      await clock.sleep(workMs);
    }
  };
  const ended = loop();
  await clock.advance(4 * ms);
  await ended;
  return times;
}

it.each([
  [500, 10_000, [10_500, 11_000, 11_500]],
  [500, 10_120, [10_500, 11_000, 11_500]],
  [500, 10_380, [11_000, 11_500, 12_000]],
  [1000, 10_380, [11_500, 12_500, 13_500]],
])('pauses of %d ms from %d on end at the same moments as all others', async (ms, startsAtMs, expected) => {
  expect(await timesOf(new FakeClock({ monotonicMs: startsAtMs }), ms, 7)).toEqual(expected);
});

it('the moments of a process are shifted by its phase', async () => {
  const clock = Object.assign(new FakeClock({ monotonicMs: 10_000 }), { phaseMs: 123 });
  expect(await timesOf(clock, 500, 7)).toEqual([10_623, 11_123, 11_623]);
});

it('a pause ends when its signal aborts', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const paused = pauseTogether(clock, 500, stop.signal);
  stop.abort();
  await paused;
  expect(clock.sleeping).toBe(0);
});
