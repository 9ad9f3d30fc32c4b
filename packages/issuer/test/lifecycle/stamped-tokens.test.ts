import { expect, it } from '@jest/globals';
import { StampedTokens } from '../../src/lifecycle/stamped-tokens.ts';

const nowSeconds = 1_800_000_000;

it.each([
  ['none', undefined, nowSeconds],
  ['of an hour ago', nowSeconds - 3600, nowSeconds],
  ['just ahead', nowSeconds + 59, nowSeconds + 59],
  ['further ahead than the log takes it', nowSeconds + 60, nowSeconds + 59],
  ['of an hour later', nowSeconds + 3600, nowSeconds + 59],
])('with an iat %s, a cutoff is at most as far ahead as the log takes it', (_name, iat, expected) => {
  let ahead = 0;
  const stamped = new StampedTokens({
    clock: { wallMs: () => nowSeconds * 1000 },
    spreadSeconds: 1,
    stampedAhead: () => ahead++,
  });
  if (iat !== undefined) stamped.stamped(iat);
  expect(stamped.upToSeconds()).toBe(expected);
  expect(ahead).toBe(iat !== undefined && iat > expected ? 1 : 0);
});

it('a clock that is set back by an hour does not hold the cutoffs of an hour back', () => {
  let wallMs = nowSeconds * 1000;
  const stamped = new StampedTokens({ clock: { wallMs: () => wallMs }, spreadSeconds: 1, stampedAhead: () => {} });
  stamped.upToSeconds();
  wallMs -= 30_000;
  expect(stamped.upToSeconds()).toBe(nowSeconds);
  wallMs -= 3_600_000;
  expect(stamped.upToSeconds()).toBe(nowSeconds - 30 - 3600 + 59);
});
