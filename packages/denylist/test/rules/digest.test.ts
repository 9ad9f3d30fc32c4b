import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  digestFromBytes,
  digestFromHex,
  digestOf,
  digestSetFrom,
  digestSetOf,
  digestToBytes,
  digestToHex,
} from '../../src/rules/digest.ts';
import { type DimensionValue, dimensions } from '../../src/rules/revocation.ts';
import { arbitraryDigest } from './arbitrary-rule.ts';

// SHA-256 over [1,dimension,issuer,value], computed with another implementation.
const golden = {
  token: 'a2e86cae6d2abab4000474a67cf97a51',
  session: 'f472d18f6a120611c26f78b0f7c8be84',
  grant: '041d6d4e9a3fd300ba480ac29174dd61',
  subject: '1f21c96e31e5fa4d6ad86dfbb65f8764',
  client: '441340d51c4d08ee44e49d421b741007',
  subject_client: '49661a646ec74471e475a11f0a93dcc0',
  tenant: '4e4ee8a07fa37457a6a7a4bd68e1da0d',
  key: 'fc8e9a2ba83438ccf93b545acb2bea4f',
  issuer: 'ffa2703e06e44b5d921d4de944513472',
};

const issuer = 'https://issuer.example/';
const value = (dimension: DimensionValue['dimension']): DimensionValue =>
  dimension === 'subject_client'
    ? { dimension, issuer, value: ['alice', 'shop'] }
    : { dimension, issuer, value: dimension === 'issuer' ? issuer : 'alice' };

describe('the digest of a value', () => {
  // Part of the wire and of what Redis holds: another digest would silently un-revoke everything.
  it.each(Object.entries(golden))('of the dimension %s never changes', (dimension, expected) => {
    const known = dimensions.find((one) => one === dimension)!;
    expect(digestToHex(digestOf(value(known)))).toBe(expected);
  });

  it('is fixed for every dimension', () => {
    expect(Object.keys(golden)).toEqual([...dimensions]);
  });

  it('differs by dimension, issuer and value', () => {
    const all = [
      ...dimensions.map(value),
      { dimension: 'subject', issuer: 'https://other.example/', value: 'alice' } as const,
      { dimension: 'subject', issuer, value: 'alicE' } as const,
      { dimension: 'subject_client', issuer, value: ['shop', 'alice'] } as const,
      { dimension: 'subject', issuer, value: 'alice","shop' } as const,
    ];
    expect(new Set(all.map((one) => digestToHex(digestOf(one)))).size).toBe(all.length);
  });

  it('takes a value apart from its neighbours, whatever characters it has', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        const one = digestOf({ dimension: 'subject_client', issuer, value: [a, b] });
        const other = digestOf({ dimension: 'subject_client', issuer, value: [c, d] });
        expect(one).not.toEqual(other);
      }),
    );
  });
});

describe('a digest', () => {
  it('survives bytes and hex digits', () => {
    fc.assert(
      fc.property(arbitraryDigest, (digest) => {
        expect(digestFromBytes(digestToBytes(digest))).toEqual(digest);
        expect(digestFromHex(digestToHex(digest))).toEqual(digest);
      }),
    );
  });

  it('is read at an offset, also of a view into a larger buffer', () => {
    const digest = Uint32Array.of(1, 2, 3, 0xffff_ffff);
    const bytes = new Uint8Array(40);
    bytes.set(digestToBytes(digest), 17);
    expect(digestFromBytes(bytes.subarray(10), 7)).toEqual(digest);
  });

  it.each([
    ['too short', '0'.repeat(31)],
    ['too long', '0'.repeat(33)],
    ['upper case', `A${'0'.repeat(31)}`],
    ['no hex', `g${'0'.repeat(31)}`],
    ['a line longer', `${'0'.repeat(32)}\n`],
    ['empty', ''],
  ])('is not read from text that is %s', (_, text) => {
    expect(digestFromHex(text)).toBeUndefined();
  });
});

describe('a set of digests', () => {
  it('holds each digest in the order of its dimensions', () => {
    const values = [value('token'), value('subject_client'), value('issuer')];
    const set = digestSetOf(values);
    expect(set.dimensions).toEqual(['token', 'subject_client', 'issuer']);
    values.forEach((one, index) => {
      expect(set.words.subarray(index * 4, index * 4 + 4)).toEqual(digestOf(one));
    });
  });

  it('may be empty', () => {
    expect(digestSetOf([])).toEqual({ dimensions: [], words: new Uint32Array() });
  });
});

describe('a set of digests that were computed elsewhere', () => {
  it('is the same as one of their values', () => {
    const values = dimensions.map(value);
    const named = values.map((each) => ({ dimension: each.dimension, digest: digestOf(each) }));
    expect(digestSetFrom(named)).toEqual(digestSetOf(values));
  });
});
