import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { ActiveTokens } from '../../src/telemetry/active-tokens.ts';

function createTokens() {
  const clock = new FakeClock({ wallMs: 1_800_000_000_000 });
  const active = new ActiveTokens({ clientClasses: { robots: ['r2', 'c3'] }, clock });
  const nowSeconds = () => clock.wallMs() / 1000;
  const living = async () => {
    const points = await active.read();
    return Object.fromEntries(
      points.filter(({ tokens }) => tokens > 0).map((each) => [`${each.source} ${each.clientClass}`, each.tokens]),
    );
  };
  return { active, clock, nowSeconds, living };
}

it('counts a token of client credentials until it has expired, at most 15 s longer', async () => {
  const { active, clock, nowSeconds, living } = createTokens();
  active.issued('r2', nowSeconds() + 61);
  active.issued('c3', nowSeconds() + 300);
  active.issued('somebody', nowSeconds() + 300);
  expect(await living()).toEqual({ 'client_credentials robots': 2, 'client_credentials other': 1 });
  await clock.advance(60_999);
  expect(await living()).toMatchObject({ 'client_credentials robots': 2 });
  await clock.advance(15_000);
  expect(await living()).toMatchObject({ 'client_credentials robots': 1 });
  await clock.advance(300_000);
  expect(await living()).toEqual({});
});

it('counts no token that has expired, and one that lives for years for a day', async () => {
  const { active, clock, nowSeconds, living } = createTokens();
  active.issued('r2', nowSeconds());
  active.issued('r2', Number.NaN);
  active.issued('r2', nowSeconds() + 1e9);
  expect(await living()).toEqual({ 'client_credentials robots': 1 });
  await clock.advance(86_415_000);
  expect(await living()).toEqual({});
});

it('states no number of families while their store does not answer', async () => {
  const { active, living } = createTokens();
  let isDown = false;
  active.watchFamilies(async () => {
    if (isDown) throw new Error('down');
    return new Map([
      ['r2', 3],
      ['c3', 4],
    ]);
  });
  expect(await living()).toEqual({ 'families robots': 7 });
  isDown = true;
  expect((await active.read()).filter(({ source }) => source === 'families')).toEqual([]);
});
