import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { RoundTrips } from '../../../src/redis/connection/round-trips.ts';
import { TimeLimit } from '../../../src/redis/connection/time-limit.ts';

/** Sends commands that each take a round trip, on a connection that is opened again after each timeout. */
async function timeoutsOf(roundTripsMs: readonly number[]): Promise<number> {
  const clock = new FakeClock();
  const roundTrips = new RoundTrips();
  let timeouts = 0;
  for (const roundTripMs of roundTripsMs) {
    const limitMs = roundTrips.limitMs(1000);
    const reply = new TimeLimit(clock, limitMs)
      .await(clock.sleep(roundTripMs), () => new Error('timeout'))
      .then(
        () => roundTrips.answered(roundTripMs),
        () => {
          timeouts += 1;
          roundTrips.timedOut(limitMs);
        },
      );
    await clock.advance(roundTripMs);
    await reply;
  }
  return timeouts;
}

describe('the time limits of connections to one Redis', () => {
  it('are the least ones while Redis answers fast', () => {
    const roundTrips = new RoundTrips();
    for (let reply = 0; reply < 10; reply += 1) roundTrips.answered(20);
    expect(roundTrips.limitMs(1000)).toBe(1000);
  });

  it('are three times the longest round trip of late, and never so long that a dead link is kept for three seconds', () => {
    const roundTrips = new RoundTrips();
    roundTrips.answered(700);
    expect(roundTrips.limitMs(1000)).toBe(2100);
    roundTrips.answered(1400);
    expect(roundTrips.limitMs(1000)).toBe(2500);
    expect(roundTrips.limitMs(2000)).toBe(2500);
  });

  it.each([
    ['becomes slow step by step', [400, 700, 1000, 1400, 1100, 900, 1400, 1200], 0],
    ['becomes slow at once', [2, 1400, 400, 1400, 1100, 900, 1400, 1200], 1],
  ])('leave a Redis that %s at most once', async (_how, roundTripsMs, timeouts) => {
    expect(await timeoutsOf([...roundTripsMs, ...roundTripsMs.slice(1)])).toBe(timeouts);
  });

  it('are longer after a limit was reached, so that a Redis that has become slow is not left again and again', () => {
    const roundTrips = new RoundTrips();
    roundTrips.timedOut(1000);
    expect(roundTrips.limitMs(1000)).toBe(2500);
  });

  it('become the least ones again after replies that came fast', () => {
    const roundTrips = new RoundTrips();
    roundTrips.timedOut(1000);
    for (let reply = 0; reply < 100; reply += 1) roundTrips.answered(1);
    expect(roundTrips.limitMs(1000)).toBe(1000);
  });
});
