import { describe, expect, it } from '@jest/globals';
import { epochTime, formatTraceparent, parseTraceparent } from '../../src/metrics/open-telemetry.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('a trace parent', () => {
  it.each([1, 0])('is written as it is read, with sampling %i', (traceFlags) => {
    const text = formatTraceparent({ traceId, spanId, traceFlags });
    expect(text).toBe(`00-${traceId}-${spanId}-0${traceFlags}`);
    expect(parseTraceparent(text ?? '')).toEqual({ traceId, spanId, traceFlags, isRemote: true });
  });

  it('is nothing where nothing is traced', () => {
    expect(formatTraceparent({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 })).toBeUndefined();
  });

  it.each([
    ['', 'nothing'],
    [`01-${traceId}-${spanId}-01`, 'another version'],
    [`00-${'0'.repeat(32)}-${spanId}-01`, 'no trace'],
    [`00-${traceId}-${'0'.repeat(16)}-01`, 'no span'],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, 'capitals'],
    [`00-${traceId}-${spanId}-01-more`, 'more behind it'],
    [`00-${traceId}-${spanId}-01\n`, 'a line end'],
  ])('%j is none: %s', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('a time', () => {
  it.each([
    [1_500_000_000_000, [1_500_000_000, 0]],
    [1_500_000_000_250.5, [1_500_000_000, 250_500_000]],
    [999.999_999_9, [0, 999_999_999]],
  ])('of %d ms is given in seconds and nanoseconds', (ms, expected) => {
    expect(epochTime(ms)).toEqual(expected);
  });
});
