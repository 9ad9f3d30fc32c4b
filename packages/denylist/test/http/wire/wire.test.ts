import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeProof,
  encodeProof,
  formatPosition,
  keepAliveMs,
  parsePosition,
  paths,
  readTimeoutMs,
} from '../../../src/http/wire/wire.ts';

const feed = '0123456789abcdef';
const bootId = '8c7a3a5e-29ad-4f0b-8d0c-6c8f5b1f9e11';

describe('the paths', () => {
  it('carry the version of the wire', () => {
    for (const path of Object.values(paths)) expect(path).toMatch(/^\/v1\/[a-z]+$/);
  });
});

describe('the pauses', () => {
  it('leave a quiet link far from looking dead', () => {
    expect(keepAliveMs * 2).toBeLessThan(readTimeoutMs);
  });
});

describe('a position', () => {
  it('reads as what was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 15 - 1 }), (n) => {
        expect(parsePosition(formatPosition({ feed, n }))).toEqual({ feed, n });
      }),
    );
  });

  it.each([
    '',
    feed,
    `${feed}.`,
    `${feed}.-1`,
    `${feed}.01`,
    `${feed}.1e3`,
    `${feed}.1 `,
    `${feed}.1\n`,
    `${feed}.${'9'.repeat(16)}`,
    `${feed.toUpperCase()}.1`,
    `${feed.slice(1)}.1`,
    `x${feed}.1`,
    '1767225600000-0',
  ])('is not read from %j', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});

describe('a proof', () => {
  it('is this on the wire', () => {
    const proof = {
      provenAtMs: 12_345.678,
      bootId,
      heartbeatLoggedAtMs: 1_767_225_600_123,
      logAtProofMs: 1_767_225_600_125.5,
    };
    const line = `1|12345.678|${bootId}|1767225600123|1767225600125.500`;
    expect(encodeProof(proof)).toBe(line);
    expect(decodeProof(line)).toEqual(proof);
  });

  it('may know less', () => {
    expect(encodeProof({ provenAtMs: 5, bootId: '' })).toBe('1|5.000|||');
    expect(decodeProof('1|5.000|||')).toEqual({ provenAtMs: 5, bootId: '' });
  });

  it.each(['', '1', '1|5', '1|5|b', '1|5|b|', '2|5|b||', '1||b||', '1|soon|b||', '1|Infinity|b||', '1|5|b|||'])(
    'is not read from %j',
    (line) => {
      expect(() => decodeProof(line)).toThrow(expect.objectContaining({ name: 'FeedError', code: 'protocol' }));
    },
  );

  it('keeps its moment when its other times cannot be read', () => {
    expect(decodeProof('1|5|b|soon|later')).toEqual({ provenAtMs: 5, bootId: 'b' });
  });
});
