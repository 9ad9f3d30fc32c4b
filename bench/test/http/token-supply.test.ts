import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { inSequence, type NextToken, tokensFor, tokensInTurn } from '../../src/http/token-supply.ts';

function take(next: NextToken): string {
  let taken = '';
  for (let token = next(); token !== undefined; token = next()) taken += token;
  return taken;
}

it('returns each token once', () => {
  expect(take(tokensInTurn(['a', 'b']))).toBe('ab');
});

it('repeats the tokens up to an amount', () => {
  expect(take(tokensInTurn(['a', 'b'], 5))).toBe('ababa');
  expect(take(tokensInTurn(['a', 'b'], 1))).toBe('a');
});

it('returns tokens for a time that begins with the first call', async () => {
  const clock = new FakeClock({ monotonicMs: 1000 });
  const next = tokensFor(['a', 'b'], 150, () => clock.monotonicMs());
  await clock.advance(1000);
  expect(next()).toBe('a');
  await clock.advance(149);
  expect(next()).toBe('b');
  await clock.advance(1);
  expect(next()).toBeUndefined();
});

it('returns the tokens of one supply after another', () => {
  expect(take(inSequence(tokensInTurn(['a']), tokensInTurn(['b'], 2)))).toBe('abb');
});
