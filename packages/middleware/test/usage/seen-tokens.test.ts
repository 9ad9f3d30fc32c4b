import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type SeenToken, SeenTokens } from '../../src/usage/seen-tokens.ts';

const dayMs = 86_400_000;
const noonMs = Date.UTC(2026, 0, 1, 12);
const tokenOf = (token: string, subject = `subject of ${token}`, clientClass = 'other'): SeenToken => ({
  token,
  subject,
  clientClass,
  round: 0,
});

describe('tokens that were seen', () => {
  it('are reported once, with their subjects, by class', () => {
    const seen = new SeenTokens();
    const [one, two, three] = [tokenOf('1', 'alice', 'spa'), tokenOf('2', 'alice', 'spa'), tokenOf('3', 'bob')];
    for (const token of [one, two, three, one, one]) expect(seen.see(token, noonMs)).toBe(true);
    expect(seen.take()).toEqual({ subjects: ['alice', 'bob'], tokens: { spa: ['1', '2'], other: ['3'] } });
    for (const token of [one, two, three]) seen.see(token, noonMs + 1);
    expect(seen.take()).toBeUndefined();
  });

  it('are reported again on the next day of UTC, and not one millisecond earlier', () => {
    const seen = new SeenTokens();
    const token = tokenOf('1');
    seen.see(token, noonMs);
    seen.take();
    seen.see(token, noonMs + dayMs / 2 - 1);
    expect(seen.take()).toBeUndefined();
    seen.see(token, noonMs + dayMs / 2);
    expect(seen.take()).toEqual({ subjects: ['subject of 1'], tokens: { other: ['1'] } });
  });

  it('are reported again with their next use after a lost report', () => {
    const seen = new SeenTokens();
    const token = tokenOf('1');
    seen.see(token, noonMs);
    seen.take();
    seen.startRound();
    expect(seen.take()).toBeUndefined();
    seen.see(token, noonMs);
    expect(seen.take()?.tokens).toEqual({ other: ['1'] });
  });

  it('are not added to a full report', () => {
    const seen = new SeenTokens(5);
    const tokens = ['1', '2', '3'].map((name) => tokenOf(name));
    expect(tokens.map((token) => seen.see(token, noonMs))).toEqual([true, true, false]);
    expect(seen.take()?.tokens).toEqual({ other: ['1', '2'] });
    expect(tokens.map((token) => seen.see(token, noonMs))).toEqual([true, true, true]);
    expect(seen.take()?.tokens).toEqual({ other: ['3'] });
  });

  it('are left out without a claim', () => {
    const seen = new SeenTokens();
    seen.see({ token: undefined, subject: undefined, clientClass: 'other', round: 0 }, noonMs);
    expect(seen.take()).toBeUndefined();
  });

  it('are all reported, each once, and no report exceeds the bound', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 200 }), fc.integer({ min: 2, max: 20 }), (uses, bound) => {
        const seen = new SeenTokens(bound);
        const tokens = new Map(uses.map((use) => [use, tokenOf(String(use), String(use % 7))]));
        const reported: string[] = [];
        const report = () => {
          const { subjects = [], tokens: byClass = {} } = seen.take() ?? {};
          expect(subjects.length + (byClass['other'] ?? []).length).toBeLessThanOrEqual(bound);
          reported.push(...(byClass['other'] ?? []));
        };
        for (const token of [...uses, ...uses].map((use) => tokens.get(use)!)) if (!seen.see(token, noonMs)) report();
        for (const token of tokens.values()) {
          seen.see(token, noonMs);
          report();
        }
        expect(reported.sort()).toEqual([...tokens.keys()].map(String).sort());
      }),
    );
  });
});
