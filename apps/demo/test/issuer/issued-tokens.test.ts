import { beforeEach, describe, expect, it } from '@jest/globals';
import { createIssuedTokens, type IssuedTokens, type TokenOrigin } from '../../src/issuer/issued-tokens.ts';

let nowMs: number;
let tokens: IssuedTokens;
beforeEach(() => {
  nowMs = 0;
  tokens = createIssuedTokens(() => nowMs);
});

const alices: TokenOrigin = { accountId: 'alice', grantId: 'g1', sessionUid: 's1', kid: 'k1' };

describe('the number of active access tokens', () => {
  it('includes all issued tokens', () => {
    expect(tokens.countActive()).toBe(0);
    tokens.add(alices, 900);
    tokens.add(alices, 900);
    expect(tokens.countActive()).toBe(2);
  });

  it.each([
    [899_999, 1],
    [900_000, 0],
    [900_001, 0],
  ])('%i ms after the issue of a token of 15 minutes is %i', (elapsedMs, active) => {
    tokens.add(alices, 900);
    nowMs = elapsedMs;
    expect(tokens.countActive()).toBe(active);
  });

  it('does not include revoked tokens', () => {
    tokens.add(alices, 900);
    tokens.add({ ...alices, grantId: 'g2' }, 900);
    tokens.forget(({ grantId }) => grantId === 'g1');
    expect(tokens.countActive()).toBe(1);
    tokens.forget(({ grantId }) => grantId === 'g1');
    expect(tokens.countActive()).toBe(1);
  });
});
