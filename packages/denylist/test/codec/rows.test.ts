import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readRule, rowBytes, ruleBytes, viewOf, writeRule } from '../../src/codec/rows.ts';
import { stampCeiling } from '../../src/rules/rule.ts';
import { arbitraryRule } from '../rules/arbitrary-rule.ts';

describe('the sixteen bytes of a rule', () => {
  it('are its four numbers, big-endian', () => {
    const bytes = new Uint8Array(ruleBytes);
    writeRule(viewOf(bytes), 0, { deniedUntil: 0xffff_ffff, issuedUpTo: 1, denialStamp: 0x0102_0304, liftedUpTo: 0 });
    expect(Buffer.from(bytes).toString('hex')).toBe('ffffffff000000010102030400000000');
  });

  it('are read without a lift that no clock can have stated: it would end every later denial', () => {
    const bytes = new Uint8Array(ruleBytes);
    const rule = { deniedUntil: 0xffff_ffff, issuedUpTo: 1, denialStamp: 2, liftedUpTo: stampCeiling };
    writeRule(viewOf(bytes), 0, rule);
    expect(readRule(viewOf(bytes), 0)).toEqual({ ...rule, liftedUpTo: 0 });
    writeRule(viewOf(bytes), 0, { ...rule, liftedUpTo: stampCeiling - 1 });
    expect(readRule(viewOf(bytes), 0)).toEqual({ ...rule, liftedUpTo: stampCeiling - 1 });
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
