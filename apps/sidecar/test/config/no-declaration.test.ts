import { describe, expect, it } from '@jest/globals';
import { options } from '../../src/config/options.ts';

describe('the options of a sidecar', () => {
  it('have none that declares a log whole: a log that was emptied would count as whole at the next start', () => {
    expect(options.map(({ name }) => name).filter((name) => /init|declare|whole|empty/i.test(name))).toEqual([]);
  });
});
