import { describe, expect, it } from '@jest/globals';
import { durationPattern, readDuration, writeDuration } from '../src/duration.ts';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['7', 7],
    ['0', 0],
    ['007s', 7000],
  ])('is read from %s', (text, ms) => {
    expect(readDuration(text)).toBe(ms);
    expect(text).toMatch(new RegExp(durationPattern));
  });

  it.each(['', 's', '1.5s', '1w', '-1s', '1 s', '1S', 'ms', '1000000000000s1', '1234567890123'])(
    'is not read from "%s"',
    (text) => {
      expect(readDuration(text)).toBeUndefined();
      expect(text).not.toMatch(new RegExp(durationPattern));
    },
  );

  it.each([
    [0, '0ms'],
    [1, '1ms'],
    [1500, '1500ms'],
    [15_000, '15s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [86_400_000, '24h'],
  ])('of %d ms is written with its unit, and read again', (ms, text) => {
    expect(writeDuration(ms)).toBe(text);
    expect(readDuration(text)).toBe(ms);
  });
});
