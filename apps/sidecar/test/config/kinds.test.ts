import { describe, expect, it } from '@jest/globals';
import { choice, duration, type Kind, listOf, text, trueOrFalse, whole } from '../../src/config/kinds.ts';

const word = text({ expected: 'expected a word', accepts: /^\w+$/ });

describe('a kind of option', () => {
  it.each<[string, Kind<unknown, string>, readonly unknown[], readonly unknown[]]>([
    ['a text', text({ expected: 'expected a text' }), ['a', '\n'], ['', 1, null, ['a'], {}]],
    ['a text with a pattern', word, ['a1'], ['a b', '', 1]],
    ['a text with a check', text({ expected: '', accepts: (one) => one === 'a' }), ['a'], ['b', 1]],
    ['true or false', trueOrFalse, [true, false], ['true', 1, 0, null]],
    ['a whole number', whole(1, 3), [1, 3], [0, 4, 1.5, '2', Number.NaN, Number.POSITIVE_INFINITY, null, true, [2]]],
    ['a choice', choice('on', 'off'), ['on', 'off'], ['On', '', true, null, ['on']]],
    ['a list', listOf(word, 2), [[], ['a'], ['a', 'b']], [['a', 'b', 'c'], ['a b'], [1], 'a', null, { length: 0 }]],
  ])('%s reads only what it accepts, unchanged', (_name, kind, accepted, rejected) => {
    for (const value of accepted) expect(kind.read(value)).toEqual(value);
    for (const value of rejected) expect(kind.read(value)).toBeUndefined();
  });

  it('a duration reads milliseconds', () => {
    const kind = duration(500, 2000);
    expect([500, '500', '500ms', '2s', 2000].map((written) => kind.read(written))).toEqual([500, 500, 500, 2000, 2000]);
    for (const written of [499, '0s', 2001, '3s', '', '1 s', 1.5e3 + 0.5, null, true]) {
      expect(kind.read(written)).toBeUndefined();
    }
  });
});
