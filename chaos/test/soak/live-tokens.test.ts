import { describe, expect, it } from '@jest/globals';
import { type LiveToken, LiveTokens, mustBe } from '../../src/soak/live-tokens.ts';

const token: LiveToken = { text: 'a.b.c', number: 0, dimension: 'session' };
const boundMs = 5000;
const request = (startMs: number, endMs = startMs + 10) => ({ startMs, endMs });
const revoked = { startedMs: 1000, endedMs: 1020 };

describe('a token without a statement', () => {
  it('must be accepted', () => {
    expect(mustBe(token, request(0), boundMs)).toBe('accepted');
  });
});

describe('a token that was revoked', () => {
  it.each([
    ['answered before the revocation', request(900, 999), 'accepted'],
    ['concurrent with the revocation', request(990, 1000), undefined],
    ['sent within the bound', request(6020), undefined],
    ['sent after the bound', request(6021), 'denied'],
  ])('and a request %s: %s', (_title, sent, expected) => {
    expect(mustBe({ ...token, revoked }, sent, boundMs)).toBe(expected);
  });

  it('may be accepted or denied until the revocation is acknowledged', () => {
    const unanswered = { startedMs: 1000, endedMs: Number.POSITIVE_INFINITY };
    expect(mustBe({ ...token, revoked: unanswered }, request(1e9), boundMs)).toBeUndefined();
  });
});

describe('a token whose revocation was lifted', () => {
  const lifted = { startedMs: 20_000, endedMs: 20_010 };
  it.each([
    ['answered before the lift', request(19_000), 'denied'],
    ['concurrent with the lift', request(19_995, 20_005), undefined],
    ['sent within the bound', request(25_010), undefined],
    ['sent after the bound', request(25_011), 'accepted'],
  ])('and a request %s: %s', (_title, sent, expected) => {
    expect(mustBe({ ...token, revoked, lifted }, sent, boundMs)).toBe(expected);
  });
});

describe('LiveTokens', () => {
  it('keeps the newest tokens', () => {
    const tokens = new LiveTokens(2);
    expect(tokens.draw(0.5)).toBeUndefined();
    for (const number of [1, 2, 3]) tokens.add({ ...token, number });
    expect([tokens.draw(0)?.number, tokens.draw(0.99)?.number]).toEqual([2, 3]);
  });
});
