import { describe, expect, it } from '@jest/globals';
import { RoundTrips } from '../../../src/redis/connection/round-trips.ts';

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
