import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { distanceKm, readPlace } from '../../src/usage/place.ts';

const london = { latitude: 51.5074, longitude: -0.1278 };
const newYork = { latitude: 40.7128, longitude: -74.006 };
const arbitraryPlace = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe('the distance between two places', () => {
  it('is measured on the surface of the earth', () => {
    expect(distanceKm(london, newYork)).toBeCloseTo(5570, -1);
    expect(distanceKm({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBeCloseTo(111, 0);
    expect(distanceKm({ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 50 })).toBeCloseTo(20_015, 0);
  });

  it('is 0 to itself, the same in both directions, and at most half the circumference', () => {
    fc.assert(
      fc.property(arbitraryPlace, arbitraryPlace, (from, to) => {
        const there = distanceKm(from, to);
        expect(distanceKm(from, from)).toBe(0);
        expect(distanceKm(to, from)).toBeCloseTo(there, 6);
        expect(there).toBeGreaterThanOrEqual(0);
        expect(there).toBeLessThanOrEqual(Math.PI * 6371);
      }),
    );
  });
});

describe('the result of a hook', () => {
  it('is a place at the bounds', () => {
    const corner = { latitude: -90, longitude: 180 };
    expect(readPlace({ ...corner, city: 'none' })).toEqual(corner);
  });

  it.each<unknown>([
    null,
    'London',
    51,
    [],
    {},
    { latitude: 1 },
    { latitude: '1', longitude: 2 },
    { latitude: Number.NaN, longitude: 2 },
    { latitude: 90.001, longitude: 2 },
    { latitude: 1, longitude: -180.001 },
    { latitude: Number.POSITIVE_INFINITY, longitude: 2 },
    Promise.resolve(london),
  ])('is not a place as %p', (value) => {
    expect(readPlace(value)).toBeUndefined();
  });
});
