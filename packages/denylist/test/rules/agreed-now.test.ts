import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { agreedNow, agreementMs, type ClockReadings } from '../../src/rules/agreed-now.ts';
import {
  minutes,
  readingsNow as now,
  arbitraryOffset as offset,
  arbitraryReadings as readings,
} from './arbitrary-readings.ts';

const hourMs = 3_600_000;

const threeClocks = (log: number, writer: number, leaseHolder: number): ClockReadings => ({
  logMs: now + log,
  writer: { wallMs: now + writer, bootId: 'host-1' },
  leaseHolder: { wallMs: now + leaseHolder, bootId: 'host-2', logMs: now + log },
});

describe('the agreed time', () => {
  it('is that of the log alone where no other clock is known', () => {
    expect(agreedNow({ logMs: now })).toEqual({ agreedMs: now, earliestMs: now, latestMs: now });
  });

  it('is the later of two clocks', () => {
    const writer = { wallMs: now + 5000, bootId: 'host-1' };
    expect(agreedNow({ logMs: now, writer }).agreedMs).toBe(now + 5000);
    expect(agreedNow({ logMs: now + 9000, writer }).agreedMs).toBe(now + 9000);
  });

  it.each([
    ['equal to', 0, now],
    ['60 s from', agreementMs, now + agreementMs],
    ['more than 60 s from', agreementMs + 1, undefined],
  ])('with a second clock %s the first', (_, distanceMs, agreedMs) => {
    const writer = { wallMs: now + distanceMs, bootId: 'host-1' };
    expect(agreedNow({ logMs: now, writer }).agreedMs).toBe(agreedMs);
  });

  it.each([
    ['the log is 3 h ahead', threeClocks(3 * hourMs, 0, 10)],
    ['the log is 3 h behind', threeClocks(-3 * hourMs, 0, -10)],
    ['the writer is 3 h ahead', threeClocks(0, 3 * hourMs, 10)],
    ['the lease holder is 3 h behind', threeClocks(0, -10, -3 * hourMs)],
  ])('is that of the two right clocks when %s', (_, given) => {
    expect(Math.abs((agreedNow(given).agreedMs ?? 0) - now)).toBeLessThanOrEqual(10);
  });

  it('is unknown when no two of three clocks agree, and says the earliest and the latest', () => {
    const expected = { agreedMs: undefined, earliestMs: now - hourMs, latestMs: now + hourMs };
    expect(agreedNow(threeClocks(0, hourMs, -hourMs))).toEqual(expected);
  });

  it.each([
    ['of the host of the writer', { bootId: 'host-1', logMs: now }],
    ['of an unknown host', { bootId: '', logMs: now }],
    ['that is 2.6 s old', { bootId: 'host-2', logMs: now - 2600 }],
    ['from a second later', { bootId: 'host-2', logMs: now + 1000 }],
    ['from before a failover to a Redis 3 h behind', { bootId: 'host-2', logMs: now + 3 * hourMs }],
  ])('does not use a reading of the lease holder %s', (_, stored) => {
    const writer = { wallMs: now + hourMs, bootId: 'host-1' };
    const leaseHolder = { wallMs: now + hourMs, ...stored };
    expect(agreedNow({ logMs: now, writer, leaseHolder }).agreedMs).toBeUndefined();
  });

  it('advances the reading of the lease holder by the time since it was stored', () => {
    const leaseHolder = { wallMs: now, bootId: 'host-2', logMs: now + 1000 };
    expect(agreedNow({ logMs: now + 3000, leaseHolder }).agreedMs).toBe(now + 3000);
    expect(agreedNow({ logMs: now + 3000, leaseHolder }).earliestMs).toBe(now + 2000);
  });

  it('is always between the earliest and the latest clock', () => {
    fc.assert(
      fc.property(readings, (given) => {
        const { agreedMs, earliestMs, latestMs } = agreedNow(given);
        expect(earliestMs).toBeLessThanOrEqual(given.logMs);
        expect(latestMs).toBeGreaterThanOrEqual(given.logMs);
        if (agreedMs === undefined) return;
        expect(agreedMs).toBeGreaterThanOrEqual(earliestMs);
        expect(agreedMs).toBeLessThanOrEqual(latestMs);
      }),
    );
  });

  it('is wrong by no more than the two best of three clocks, however wrong the third one is', () => {
    const error = fc.integer({ min: -agreementMs / 2, max: agreementMs / 2 });
    fc.assert(
      fc.property(error, error, minutes(-600, 600), fc.nat(2), (a, b, wrong, which) => {
        const errors = [a, b];
        errors.splice(which, 0, wrong);
        const [log = 0, writer = 0, leaseHolder = 0] = errors;
        const { agreedMs } = agreedNow(threeClocks(log, writer, leaseHolder));
        expect(agreedMs).toBeGreaterThanOrEqual(now + Math.min(a, b));
        expect(agreedMs).toBeLessThanOrEqual(now + Math.max(a, b));
      }),
    );
  });

  it('is known exactly when two counted clocks are at most 60 s apart', () => {
    fc.assert(
      fc.property(offset, offset, offset, (...offsets) => {
        const [log, writer, leaseHolder] = offsets;
        const distances = [log - writer, writer - leaseHolder, leaseHolder - log].map(Math.abs);
        const { agreedMs } = agreedNow(threeClocks(log, writer, leaseHolder));
        expect(agreedMs !== undefined).toBe(Math.min(...distances) <= agreementMs);
      }),
    );
  });

  it('moves with all clocks together', () => {
    fc.assert(
      fc.property(readings, minutes(-600, 600), (given, ms) => {
        const { logMs, writer, leaseHolder } = given;
        const moved = agreedNow({
          logMs: logMs + ms,
          writer: writer && { ...writer, wallMs: writer.wallMs + ms },
          leaseHolder: leaseHolder && {
            ...leaseHolder,
            wallMs: leaseHolder.wallMs + ms,
            logMs: leaseHolder.logMs + ms,
          },
        });
        const before = agreedNow(given).agreedMs;
        expect(moved.agreedMs).toBe(before === undefined ? undefined : before + ms);
      }),
    );
  });
});
