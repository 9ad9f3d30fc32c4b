import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeAppendRequest, encodeAppendRequest } from '../../src/codec/append-request.ts';
import type { AppendRequest } from '../../src/log/revocation-log.ts';
import { digestToHex } from '../../src/rules/digest.ts';
import { restartDigest } from '../../src/rules/log-restart.ts';
import { emptyRule, forEver } from '../../src/rules/rule.ts';
import type { Statement } from '../../src/rules/statement.ts';
import { arbitraryDetails } from '../rules/arbitrary-change.ts';
import { arbitraryDigest } from '../rules/arbitrary-rule.ts';

const uint32 = fc.integer({ min: 0, max: forEver });
const arbitraryStatement: fc.Arbitrary<Statement> = fc.oneof(
  fc.record({ kind: fc.constant('deny' as const), until: fc.oneof(uint32, fc.constant('longest-token' as const)) }),
  fc.record({ kind: fc.constant('cutoff' as const), issuedUpTo: fc.oneof(uint32, fc.constant('now' as const)) }),
  fc.record({ kind: fc.constant('cutoff' as const), issuedUpTo: uint32, clock: fc.constant('issuer' as const) }),
  fc.constant({ kind: 'lift' as const }),
);
const arbitraryRequest: fc.Arbitrary<AppendRequest> = fc.record(
  {
    digest: arbitraryDigest,
    statement: arbitraryStatement,
    details: arbitraryDetails,
    redisReplicas: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constant('all' as const)),
    broadRulesPerMinute: fc.oneof(fc.integer({ min: 1, max: forEver }), fc.constant(Number.POSITIVE_INFINITY)),
  },
  { requiredKeys: ['digest', 'statement', 'details'] },
);

const good = {
  v: 1,
  digest: '00112233445566778899aabbccddeeff',
  statement: { kind: 'deny', until: 1767225900 },
  details: { id: 'e1', kind: 'revoke' },
};
const read = (changes: object) => decodeAppendRequest(JSON.stringify({ ...good, ...changes }));

describe('a request to append', () => {
  it('is this on the wire', () => {
    const text = encodeAppendRequest({
      digest: Uint32Array.of(0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff),
      statement: { kind: 'deny', until: 1767225900 },
      details: { id: 'e1', kind: 'revoke' },
      redisReplicas: 'all',
    });
    expect(text).toBe(
      '{"v":1,"digest":"00112233445566778899aabbccddeeff","statement":{"kind":"deny","until":1767225900},"details":{"id":"e1","kind":"revoke"},"redisReplicas":"all"}',
    );
  });

  it.each([
    [60, '60'],
    [Number.POSITIVE_INFINITY, '"any"'],
  ])('says how many broad ones may have been logged: %s', (broadRulesPerMinute, written) => {
    const text = encodeAppendRequest({
      digest: Uint32Array.of(0, 0, 0, 1),
      statement: { kind: 'lift' },
      details: { id: 'e1', kind: 'lift' },
      broadRulesPerMinute,
    });
    expect(text).toBe(
      `{"v":1,"digest":"00000000000000000000000000000001","statement":{"kind":"lift"},"details":{"id":"e1","kind":"lift"},"broadRulesPerMinute":${written}}`,
    );
  });

  it('reads as what was written', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        expect(decodeAppendRequest(encodeAppendRequest(request))).toEqual(request);
      }),
    );
  });

  it.each([
    ['no JSON', '{', /JSON/],
    ['a list', '[]', /object/],
    ['a number', '5', /object/],
    ['null', 'null', /object/],
  ])('is refused when it is %s', (_, text, problem) => {
    expect(decodeAppendRequest(text)).toMatch(problem);
  });

  it.each([
    ['a later version', { v: 2 }, /version 1/],
    ['no version', { v: undefined }, /version 1/],
    ['no digest', { digest: undefined }, /^digest/],
    ['a short digest', { digest: '00' }, /^digest/],
    ['a digest that is a number', { digest: 5 }, /^digest/],
    ['no statement', { statement: undefined }, /^statement/],
    ['a statement of another kind', { statement: { kind: 'forget' } }, /^statement/],
    ['a statement that is a word', { statement: 'lift' }, /^statement/],
    ['a denial without an end', { statement: { kind: 'deny' } }, /^statement/],
    ['a denial that ends before 1970', { statement: { kind: 'deny', until: -1 } }, /^statement/],
    ['a denial until half a second', { statement: { kind: 'deny', until: 0.5 } }, /^statement/],
    ['a denial in milliseconds', { statement: { kind: 'deny', until: 1767225600000 } }, /^statement/],
    ['a denial until "now"', { statement: { kind: 'deny', until: 'now' } }, /^statement/],
    ['a cutoff without a time', { statement: { kind: 'cutoff' } }, /^statement/],
    ['a cutoff in milliseconds', { statement: { kind: 'cutoff', issuedUpTo: 1767225600000 } }, /^statement/],
    ['a cutoff of "longest-token"', { statement: { kind: 'cutoff', issuedUpTo: 'longest-token' } }, /^statement/],
    ['a lost rule', { statement: { kind: 'seed', rule: { ...emptyRule, stamp: 1, lifted: 2 } } }, /^statement/],
    ['the digest of the restart', { digest: digestToHex(restartDigest), statement: { kind: 'lift' } }, /^digest/],
    ['an id with a space', { details: { id: 'a n', kind: 'revoke' } }, /^details/],
    ['an empty id', { details: { id: '', kind: 'revoke' } }, /^details/],
    ['no details', { details: undefined }, /^details/],
    ['details without an id', { details: { kind: 'lift' } }, /^details/],
    ['more copies than there can be', { redisReplicas: 101 }, /^redisReplicas/],
    ['a negative number of copies', { redisReplicas: -1 }, /^redisReplicas/],
    ['half a copy', { redisReplicas: 0.5 }, /^redisReplicas/],
    ['some copies', { redisReplicas: 'some' }, /^redisReplicas/],
    ['null copies', { redisReplicas: null }, /^redisReplicas/],
    ['no broad one at all', { broadRulesPerMinute: 0 }, /^broadRulesPerMinute/],
    ['half a broad one', { broadRulesPerMinute: 1.5 }, /^broadRulesPerMinute/],
    ['broad ones in words', { broadRulesPerMinute: 'all' }, /^broadRulesPerMinute/],
    ['null broad ones', { broadRulesPerMinute: null }, /^broadRulesPerMinute/],
  ])('is refused with %s', (_, changes, problem) => {
    expect(read(changes)).toMatch(problem);
  });

  it('never makes the reader throw', () => {
    fc.assert(
      fc.property(fc.json(), fc.jsonValue(), (text, value) => {
        expect(() => decodeAppendRequest(text)).not.toThrow();
        for (const field of Object.keys(good)) expect(() => read({ [field]: value })).not.toThrow();
      }),
    );
  });

  it('leaves out what it does not know', () => {
    expect(read({ more: true })).toEqual({
      digest: Uint32Array.of(0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff),
      statement: good.statement,
      details: good.details,
    });
  });
});
