import { expect, it } from '@jest/globals';
import { readSpanProcessors } from '../../src/telemetry/span-processors.ts';

it('spans are exported only with REVOCAST_DEMO_SPANS=console, and other values are rejected', () => {
  expect(readSpanProcessors({})).toEqual([]);
  expect(readSpanProcessors({ REVOCAST_DEMO_SPANS: '' })).toEqual([]);
  expect(readSpanProcessors({ REVOCAST_DEMO_SPANS: 'console' })).toHaveLength(1);
  expect(() => readSpanProcessors({ REVOCAST_DEMO_SPANS: 'stdout' })).toThrow('REVOCAST_DEMO_SPANS must be console');
});
