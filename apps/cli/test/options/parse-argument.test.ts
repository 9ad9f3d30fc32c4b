import { describe, expect, it } from '@jest/globals';
import { duration, sinceTime, writeDuration } from '../../src/options/parse-argument.ts';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['7', 7],
  ])('is read from %s', (text, ms) => {
    expect(duration([0, 1e9])(text)).toBe(ms);
  });

  it.each([
    [1, '1ms'],
    [1500, '1500ms'],
    [15_000, '15s'],
    [60_000, '1m'],
    [86_400_000, '24h'],
  ])('of %d ms is written with its unit', (ms, text) => {
    expect(writeDuration(ms)).toBe(text);
    expect(duration([0, 1e9])(text)).toBe(ms);
  });

  it.each(['', 's', '1.5s', '1w', '-1s'])('is not read from "%s", and the error has units', (text) => {
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
