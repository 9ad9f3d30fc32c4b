import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readRule, rowBytes, ruleBytes, viewOf, writeRule } from '../../src/codec/rows.ts';
import { arbitraryRule } from '../rules/arbitrary-rule.ts';

describe('the sixteen bytes of a rule', () => {
  it('are its four numbers, big-endian', () => {
    const bytes = new Uint8Array(ruleBytes);
    writeRule(viewOf(bytes), 0, { deniedUntil: 0xffff_ffff, issuedUpTo: 1, denialStamp: 0x0102_0304, liftedUpTo: 0 });
    expect(Buffer.from(bytes).toString('hex')).toBe('ffffffff000000010102030400000000');
  });

  it('read as what was written, at any offset of a view', () => {
    fc.assert(
      fc.property(arbitraryRule, fc.nat(16), (rule, offset) => {
        const bytes = new Uint8Array(rowBytes * 2).subarray(7);
        writeRule(viewOf(bytes), offset, rule);
        expect(readRule(viewOf(bytes), offset)).toEqual(rule);
      }),
    );
  });
});
