import fc from 'fast-check';
import { agreementMs, type ClockReadings } from '../../src/rules/agreed-now.ts';

export const readingsNow = 1_800_000_000_000;
const hourMs = 3_600_000;
export const minutes = (least: number, most: number) => fc.integer({ min: least * 60_000, max: most * 60_000 });
/** Often within the limit of another, often far from it, sometimes exactly at the limit. */
export const arbitraryOffset = fc.oneof(
  minutes(-1, 1),
  minutes(-200, 200),
  fc.constantFrom(0, agreementMs, -agreementMs, agreementMs + 1),
);
const time = arbitraryOffset.map((ms) => readingsNow + ms);
const bootId = fc.constantFrom('', 'host-1', 'host-2');
const age = fc.oneof(fc.integer({ min: -500, max: 2500 }), fc.constantFrom(-501, 2501, -hourMs, hourMs));
const writer = fc.record({ wallMs: time, bootId });

export const arbitraryReadings: fc.Arbitrary<ClockReadings> = fc
  .record({
    logMs: time,
    writer: fc.option(writer, { nil: undefined }),
    leaseHolder: fc.option(fc.record({ wallMs: time, bootId, age }), { nil: undefined }),
  })
  .map(({ leaseHolder, logMs, ...rest }) => ({
    ...rest,
    logMs,
    leaseHolder: leaseHolder && { ...leaseHolder, logMs: logMs - leaseHolder.age },
  }));
