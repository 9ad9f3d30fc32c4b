import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ImpossibleTravelDetector } from '../../src/usage/impossible-travel-detector.ts';
import { distanceKm } from '../../src/usage/place.ts';

const hourMs = 3_600_000;
const origin = { latitude: 0, longitude: 0 };
/** East along the equator, where a degree is about 111 km. */
const at = (km: number) => ({ latitude: 0, longitude: (km / (Math.PI * 6371)) * 180 });
const travels = (maxPlaces = 100) => new ImpossibleTravelDetector({ maxSpeedKmh: 1000, maxPlaces });

describe('the use of a session or token', () => {
  it.each([
    ['slower than the limit', 999, hourMs, false],
    ['faster than the limit', 1001, hourMs, true],
    ['at once, nearer than 100 km', 99.9, 0, false],
    ['at once, 100 km away', 100.1, 0, true],
  ])('%s: %d km in %d ms is impossible: %s', (_what, km, elapsedMs, impossible) => {
    const seen = travels();
    expect(seen.see('a', origin, 5)).toBeUndefined();
    const travel = seen.see('a', at(km), 5 + elapsedMs);
    expect(travel !== undefined).toBe(impossible);
    if (travel !== undefined) expect(travel).toEqual({ distanceKm: expect.closeTo(km, 3), elapsedMs });
  });

  it('is compared with its own last place', () => {
    const seen = travels();
    seen.see('a', origin, 0);
    expect(seen.see('b', at(5000), 0)).toBeUndefined();
    expect(seen.see('a', at(500), hourMs)).toBeUndefined();
    expect(seen.see('a', at(1400), 2 * hourMs)).toBeUndefined();
    expect(seen.see('a', origin, 2 * hourMs)?.distanceKm).toBeCloseTo(1400, 3);
  });

  it('is not suspicious after its last place was removed as the least recently used', () => {
    const seen = travels(2);
    for (const name of ['a', 'b', 'c']) seen.see(name, origin, 0);
    expect(seen.see('a', at(5000), 1)).toBeUndefined();
    expect(seen.see('c', at(5000), 1)).toBeDefined();
  });

  it('is suspicious exactly when it is too fast and too far', () => {
    const place = fc.record({
      latitude: fc.integer({ min: -90, max: 90 }),
      longitude: fc.integer({ min: -180, max: 180 }),
    });
    fc.assert(
      fc.property(place, place, fc.integer({ min: 1, max: 30 * hourMs }), (from, to, elapsedMs) => {
        const seen = travels();
        seen.see('a', from, 0);
        const km = distanceKm(from, to);
        const expected = km >= 100 && km / (elapsedMs / hourMs) > 1000;
        expect(seen.see('a', to, elapsedMs) !== undefined).toBe(expected);
      }),
    );
  });
});
