import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeUsageReport, encodeUsageReport } from '../../src/codec/usage-report.ts';
import { closeClasses, maxReportDigests } from '../../src/log/usage.ts';
import { digestOf, digestToBase64url } from '../../src/rules/digest.ts';

const numbered = (value: number | string) =>
  digestToBase64url(digestOf({ dimension: 'subject', issuer: 'i', value: String(value) }));
const many = (count: number) => Array.from({ length: count }, (_, index) => `${index}`.padStart(22, '-'));
const digests = fc.array(fc.string({ unit: fc.constantFrom(...'aZ09_-'), minLength: 22, maxLength: 22 }));
const className = fc.constantFrom('browser', 'batch', 'other', 'unknown', 'a.b:c-d_e', '1');
const report = fc.record({ subjects: digests, tokens: fc.dictionary(className, digests) });

describe('a usage report', () => {
  it('is read as it was written', () => {
    fc.assert(fc.property(report, (given) => expect(decodeUsageReport(encodeUsageReport(given))).toEqual(given)));
  });

  it('has digests of 22 characters, as many as fit and not one more', () => {
    expect(numbered(1)).toMatch(/^[\w-]{22}$/);
    const full = { subjects: many(maxReportDigests - 1), tokens: { other: [numbered(1)] } };
    expect(decodeUsageReport(encodeUsageReport(full))).toEqual(full);
    const over = { ...full, tokens: { other: [numbered(1), numbered(2)] } };
    expect(decodeUsageReport(encodeUsageReport(over))).toContain('at most');
    expect(encodeUsageReport(full).length).toBeLessThan(256 * 1024);
  });

  it.each<[string, unknown]>([
    ['no object', []],
    ['another version', { v: 2, subjects: [], tokens: {} }],
    ['no subjects', { v: 1, tokens: {} }],
    ['a subject in clear', { v: 1, subjects: ['alice'], tokens: {} }],
    ['a digest that is too long', { v: 1, subjects: [`${numbered(1)}A`], tokens: {} }],
    ['tokens in a list', { v: 1, subjects: [], tokens: [] }],
    ['a class that is a key of Redis', { v: 1, subjects: [], tokens: { 'a b\n': [] } }],
    ['a class that is too long', { v: 1, subjects: [], tokens: { ['a'.repeat(65)]: [] } }],
    ['a number for a digest', { v: 1, subjects: [], tokens: { other: [1] } }],
    [
      'more classes than can be configured',
      { v: 1, subjects: [], tokens: Object.fromEntries(Array.from({ length: 23 }, (_, at) => [`c${at}`, []])) },
    ],
  ])('with %s is refused in words', (_what, body) => {
    expect(decodeUsageReport(JSON.stringify(body))).toMatch(/expected/);
  });

  it('that is not JSON is refused', () => {
    expect(decodeUsageReport('{')).toBe('expected a JSON object');
  });
});

describe('classes that are not listed', () => {
  it('are other, and no digest is lost', () => {
    const given = {
      subjects: ['s'],
      tokens: { browser: ['1'], unknown: ['2'], foreign: ['3'], other: ['4'], more: ['5'] },
    };
    expect(closeClasses(given, ['browser'])).toEqual({
      subjects: ['s'],
      tokens: { browser: ['1'], unknown: ['2'], other: ['3', '4', '5'] },
    });
  });

  it('never add a class, whoever sends what', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), digests), (tokens) => {
        const closed = closeClasses({ subjects: [], tokens }, ['browser']);
        expect(['browser', 'other', 'unknown']).toEqual(expect.arrayContaining(Object.keys(closed.tokens)));
        expect(Object.values(closed.tokens).flat().sort()).toEqual(Object.values(tokens).flat().sort());
      }),
    );
  });
});
