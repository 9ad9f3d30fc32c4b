import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  anyIssuer,
  includesIssuer,
  isIssuerDigest,
  issuerDigest,
  maxTrustedIssuers,
  parseTrustedIssuers,
  trustedIssuers,
  unionOfIssuers,
} from '../../src/rules/trusted-issuers.ts';

const withSlash = 'https://login.example.com/';
const withoutSlash = 'https://login.example.com';
const many = (count: number) => Array.from({ length: count }, (_, index) => `https://${index}.example.com/`);

describe('the digest of an issuer', () => {
  it('is the first eight bytes of its SHA-256', () => {
    expect(issuerDigest(withSlash)).toBe(createHash('sha256').update(withSlash).digest('hex').slice(0, 16));
    expect(issuerDigest(withSlash)).not.toBe(issuerDigest(withoutSlash));
  });

  it.each([
    ['0123456789abcdef', true],
    ['0123456789ABCDEF', false],
    ['0123456789abcde', false],
    ['0123456789abcdef0123456789abcdef', false],
    ['', false],
    [7, false],
  ])('is 16 lower-case hex digits: %j', (value, expected) => {
    expect(isIssuerDigest(value)).toBe(expected);
  });
});

describe('the issuers that a process reports', () => {
  it('are the same text in every order, without repeats', () => {
    const issuers = trustedIssuers([withSlash, withoutSlash, withSlash]);
    expect(issuers).toBe(trustedIssuers([withoutSlash, withSlash]));
    expect(issuers).toHaveLength(32);
    expect(
      [withSlash, withoutSlash, 'https://other/'].map((one) => includesIssuer(issuers, issuerDigest(one))),
    ).toEqual([true, true, false]);
  });

  it('include no digest that lies across two of them', () => {
    const issuers = `${'0'.repeat(8)}${'1'.repeat(8)}${'2'.repeat(16)}`;
    expect(includesIssuer(issuers, `${'1'.repeat(8)}${'2'.repeat(8)}`)).toBe(false);
  });

  it(`are at most ${maxTrustedIssuers}, or any`, () => {
    expect(trustedIssuers(many(maxTrustedIssuers))).toHaveLength(16 * maxTrustedIssuers);
    expect(trustedIssuers(many(maxTrustedIssuers + 1))).toBe(anyIssuer);
  });

  it('of several processes are those of each, and any if one trusts any', () => {
    const [first, second] = [trustedIssuers([withSlash]), trustedIssuers([withoutSlash])];
    expect(unionOfIssuers([first, second, first, ''])).toBe(trustedIssuers([withSlash, withoutSlash]));
    expect(unionOfIssuers([first, anyIssuer])).toBe(anyIssuer);
    expect(unionOfIssuers([trustedIssuers(many(16)), first])).toBe(anyIssuer);
    expect(unionOfIssuers([])).toBe('');
  });

  it.each([
    ['', ''],
    [anyIssuer, anyIssuer],
    ['0123456789abcdef'.repeat(16), '0123456789abcdef'.repeat(16)],
    ['0123456789abcdef'.repeat(17), undefined],
    ['0123456789abcde', undefined],
    ['0123456789abcdeg', undefined],
    [null, undefined],
  ])('are read from a well-formed value only: %j', (value, expected) => {
    expect(parseTrustedIssuers(value)).toBe(expected);
  });
});
