import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeDetails, decodeEvent, encodeRuleEvent } from '../../src/codec/event.ts';
import { arbitraryChange } from '../rules/arbitrary-change.ts';

const digest = Uint32Array.of(0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff);
const rule = { deniedUntil: 4294967295, issuedUpTo: 1767225602, denialStamp: 1767225600, liftedUpTo: 0 };
const hex = '00112233445566778899aabbccddeeff';
const numbers = '4294967295|1767225602|1767225600|0';

describe('the line of a rule', () => {
  // The wire: what is written today must be read by every later version.
  it('is this, with everything there is to tell', () => {
    const line = `1|r|7|1767225600123|1767225600125|${hex}|${numbers}|{"id":"e1","kind":"revoke","dimension":"subject","reason":"admin","actor":"a|b","occurredAtMs":1767225600001}`;
    const change = {
      digest,
      rule,
      loggedAtMs: 1767225600123,
      receivedAtMs: 1767225600125,
      details: {
        id: 'e1',
        kind: 'revoke',
        dimension: 'subject',
        reason: 'admin',
        actor: 'a|b',
        occurredAtMs: 1767225600001,
      },
    } as const;
    expect(encodeRuleEvent(7, change)).toBe(line);
    expect(decodeEvent(line)).toEqual({ kind: 'rule', seq: 7, ...change });
  });

  it('is this, learnt from a snapshot', () => {
    const line = `1|r|7|||${hex}|${numbers}|`;
    expect(encodeRuleEvent(7, { digest, rule })).toBe(line);
    expect(decodeEvent(line)).toEqual({ kind: 'rule', seq: 7, digest, rule });
  });

  it('is read without a lift that no clock can have stated', () => {
    const rule = { deniedUntil: 5, issuedUpTo: 1, denialStamp: 2, liftedUpTo: 2 ** 32 - 1 };
    const line = encodeRuleEvent(1, { digest: Uint32Array.of(1, 2, 3, 4), rule, loggedAtMs: 5 });
    expect(decodeEvent(line)).toMatchObject({ kind: 'rule', rule: { ...rule, liftedUpTo: 0 } });
  });

  it('reads as what was written', () => {
    fc.assert(
      fc.property(fc.nat(), arbitraryChange, (seq, change) => {
        expect(decodeEvent(encodeRuleEvent(seq, change))).toEqual({ kind: 'rule', seq, ...change });
      }),
    );
  });

  it('fits into one field of an event stream', () => {
    fc.assert(
      fc.property(arbitraryChange, (change) => {
        expect(encodeRuleEvent(1, change)).not.toMatch(/[\r\n]/);
      }),
    );
  });
});

describe('the line of a heartbeat', () => {
  it.each([
    ['1|h|8|1767225600500|0', false],
    ['1|h|8|1767225600500|1', true],
  ])('is %s', (line, healing) => {
    expect(decodeEvent(line)).toEqual({ kind: 'heartbeat', seq: 8, loggedAtMs: 1767225600500, healing });
  });
});

describe('a line that is not ours', () => {
  it.each([
    ['nothing', ''],
    ['another version', `2|r|7|||${hex}|${numbers}|`],
    ['another kind', `1|x|7|||${hex}|${numbers}|`],
    ['a rule cut after its digest', `1|r|7|||${hex}|`],
    ['a rule without a number', `1|r|7|||${hex}|1|2|3`],
    ['a number that is not one', `1|r|7|||${hex}|1|2|x|4|`],
    ['a negative number', `1|r|7|||${hex}|1|-2|3|4|`],
    ['a number with a fraction', `1|r|7|||${hex}|1|2.5|3|4|`],
    ['a number with an exponent', `1|r|7|||${hex}|1|1e3|3|4|`],
    ['a number above uint32', `1|r|7|||${hex}|4294967296|2|3|4|`],
    ['an empty number', `1|r|7|||${hex}||2|3|4|`],
    ['a digest cut short', `1|r|7|||${hex.slice(1)}|1|2|3|4|`],
    ['a digest in upper case', `1|r|7|||${hex.toUpperCase()}|1|2|3|4|`],
    ['a time that is not one', `1|r|7|soon||${hex}|1|2|3|4|`],
    ['a receipt that is not a time', `1|r|7||soon|${hex}|1|2|3|4|`],
    ['a sequence number that is not one', `1|r|||1|${hex}|1|2|3|4|`],
    ['details cut short', `1|r|7|||${hex}|1|2|3|4|{"id":"e`],
    ['details that are a list', `1|r|7|||${hex}|1|2|3|4|[]`],
    ['details without an id', `1|r|7|||${hex}|1|2|3|4|{"kind":"revoke"}`],
    ['a heartbeat without its time', '1|h|8||0'],
    ['a heartbeat that neither heals nor not', '1|h|8|5|2'],
    ['a heartbeat with more', '1|h|8|5|0|'],
  ])('is not read: %s', (_, line) => {
    expect(decodeEvent(line)).toBeUndefined();
  });

  it('never makes the reader throw', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('1', 'r', 'h', '0', hex, '{"id":"a"}', '{}', 'null', '5'));
    const line = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 12 }).map((words) => words.join('|')),
    );
    fc.assert(
      fc.property(line, (text) => {
        expect(() => decodeEvent(text)).not.toThrow();
        expect(() => decodeEvent(`1|r|7|||${hex}|1|2|3|4|${text}`)).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });
});

describe('details', () => {
  it('lose what is of an unknown kind, because nothing of them is enforced', () => {
    const told = { id: 'a', kind: 'later', dimension: 'planet', reason: 7, actor: null, requestedAtMs: '5', more: {} };
    expect(decodeDetails(told)).toEqual({ id: 'a', kind: 'revoke' });
  });

  it.each([
    [128, true],
    [129, false],
  ])('with an id of %i characters', (length, readable) => {
    expect(decodeDetails({ id: 'x'.repeat(length) }) !== undefined).toBe(readable);
  });

  it('are cut where they are too long to pass on', () => {
    const details = decodeDetails({ id: 'a', actor: 'x'.repeat(500), traceparent: 'y'.repeat(500) });
    expect(details?.actor).toHaveLength(128);
    expect(details?.traceparent).toHaveLength(64);
  });

  it.each([[undefined], [null], ['text'], [5], [[]], [{}], [{ id: 5 }]])('are not %j', (value) => {
    expect(decodeDetails(value)).toBeUndefined();
  });

  it('never make the reader throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => decodeDetails(value)).not.toThrow();
      }),
    );
  });
});
