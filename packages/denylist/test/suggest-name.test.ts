import { describe, expect, it } from '@jest/globals';
import { suggestName } from '../src/suggest-name.ts';

describe('suggestName', () => {
  const known = ['drainMs', 'dataListen', 'adminListen'];

  it.each([
    ['drain_ms', 'drainMs'],
    ['--drain-ms', 'drainMs'],
    ['drianMs', 'drainMs'],
    ['--drain', 'drainMs'],
    ['dataListenn', 'dataListen'],
    ['REVOCAST_ADMIN_LISTN', 'adminListen'],
  ])('reads %s as %s', (typed, expected) => {
    expect(suggestName(typed, known)).toBe(expected);
  });

  it('returns undefined when no name is near', () => {
    expect(suggestName('colour', known)).toBeUndefined();
    expect(suggestName('', known)).toBeUndefined();
  });
});
