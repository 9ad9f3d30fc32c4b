import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeVerdicts, encodeVerdicts } from '../src/verdict-letters.ts';

describe('a line of verdicts', () => {
  it('holds each run of equal letters once', () => {
    expect(encodeVerdicts(['a', 'a', 'r', 'u', 'u', 'u'])).toBe('a2ru3');
    expect(decodeVerdicts('a2r', 10)).toEqual([
      { letter: 'a', from: 10, count: 2 },
      { letter: 'r', from: 12, count: 1 },
    ]);
  });

  it('decodes to the letters that were encoded', () => {
    const letters = fc.array(fc.constantFrom('a', 'A', 'p', 'r', 'R', 'u'));
    fc.assert(
      fc.property(letters, (written) => {
        const runs = decodeVerdicts(encodeVerdicts(written));
        expect(runs.flatMap(({ letter, count }) => Array.from({ length: count }, () => letter))).toEqual(written);
      }),
    );
  });

  it('is rejected when it holds another letter', () => {
    expect(() => decodeVerdicts('a2x')).toThrow('verdicts must be letters of aAprRu');
  });
});
