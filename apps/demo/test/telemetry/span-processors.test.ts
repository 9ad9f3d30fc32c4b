import { expect, it } from '@jest/globals';
import { readSpanProcessors } from '../../src/telemetry/span-processors.ts';

it('spans go nowhere unless the environment says where, and it says nothing else', () => {
  expect(readSpanProcessors({})).toEqual([]);
  expect(readSpanProcessors({ REVOCAST_DEMO_SPANS: '' })).toEqual([]);
  expect(readSpanProcessors({ REVOCAST_DEMO_SPANS: 'console' })).toHaveLength(1);
  expect(() => readSpanProcessors({ REVOCAST_DEMO_SPANS: 'stdout' })).toThrow('REVOCAST_DEMO_SPANS takes console');
});
