import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { JoinBudget } from '../../src/replication/join-budget.ts';

it('lets a whole fleet join at once, then 500 replicas a second, and never more than a fleet', async () => {
  const clock = new FakeClock();
  const budget = new JoinBudget(clock);
  const spendAll = () => {
    let spent = 0;
    while (budget.spend()) spent += 1;
    return spent;
  };
  expect(spendAll()).toBe(10_000);
  await clock.advance(1000);
  expect(spendAll()).toBe(500);
  await clock.advance(1);
  expect(spendAll()).toBe(0);
  await clock.advance(60_000);
  expect(spendAll()).toBe(10_000);
});
