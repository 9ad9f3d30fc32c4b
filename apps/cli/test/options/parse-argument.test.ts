import { describe, expect, it } from '@jest/globals';
import { duration, sinceTime } from '../../src/options/parse-argument.ts';

describe('a duration', () => {
  it.each([
    ['100ms', 100],
    ['15s', 15_000],
    ['1m', 60_000],
    ['700', 700],
  ])('is read from %s', (text, ms) => {
    expect(duration([100, 60_000])(text)).toBe(ms);
  });

  it.each(['', 's', '1.5s', '1w', '-1s', '99ms', '2m'])('is not read from "%s", and the error has units', (text) => {
    expect(() => duration([100, 60_000])(text)).toThrow('from 100ms to 1m');
  });
});

describe('a time since when', () => {
  it.each([
    ['10m', 400_000],
    ['2026-11-20T12:00:00.250Z', Date.UTC(2026, 10, 20, 12, 0, 0, 250)],
    ['1700000000', 1_700_000_000_000],
  ])('is read from %s', (text, ms) => {
    expect(sinceTime(text)(1_000_000)).toBe(ms);
  });

  it.each(['yesterday', '12:00', ''])('is not read from "%s"', (text) => {
    expect(() => sinceTime(text)).toThrow('expected how long ago');
  });
});
