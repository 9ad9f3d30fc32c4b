import { describe, expect, it } from '@jest/globals';
import { brandError } from '../src/brand-error.ts';
import { ConfigurationError } from '../src/configuration-error.ts';
import { FeedError } from '../src/log/feed.ts';

/** The same class in another copy of the package. */
class OtherCopy extends Error {}
brandError(OtherCopy, 'FeedError');

describe('an error of this package', () => {
  it('is an instance of its class in every copy of the package', () => {
    expect(new OtherCopy()).toBeInstanceOf(FeedError);
    expect(new FeedError('timeout', 'late')).toBeInstanceOf(OtherCopy);
    expect(new FeedError('timeout', 'late')).toBeInstanceOf(FeedError);
  });

  it('is an instance of no other class', () => {
    expect(new FeedError('timeout', 'late')).not.toBeInstanceOf(ConfigurationError);
    for (const other of [new Error('late'), null, undefined, 'FeedError', { name: 'FeedError' }]) {
      expect(other instanceof FeedError).toBe(false);
    }
  });

  it('is an instance of a class derived from it only when it was made by that one', () => {
    class Derived extends FeedError {}
    expect(new Derived('timeout', 'late')).toBeInstanceOf(Derived);
    expect(new Derived('timeout', 'late')).toBeInstanceOf(FeedError);
    expect(new FeedError('timeout', 'late')).not.toBeInstanceOf(Derived);
  });

  it('shows no brand where it is printed', () => {
    expect(Object.getOwnPropertySymbols(new FeedError('timeout', 'late'))).toEqual([]);
  });
});
