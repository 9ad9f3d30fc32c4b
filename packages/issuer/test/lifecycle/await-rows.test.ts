import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { awaitRows } from '../../src/lifecycle/await-rows.ts';
import { RowWaiters } from '../../src/lifecycle/row-waiters.ts';

it('asks the store less often the longer a row waits', async () => {
  const clock = new FakeClock();
  const startedAtMs = clock.monotonicMs();
  const readAtMs: number[] = [];
  const waiting = awaitRows({
    ids: ['a'],
    addedIn: {},
    known: { states: new Map(), published: new Map() },
    waitMs: 2000,
    waiters: new RowWaiters(() => (work) => work()),
    outbox: {
      async read() {
        readAtMs.push(clock.monotonicMs() - startedAtMs);
        return ['pending'];
      },
    },
    wakeWorker: () => {},
    clock,
  });
  await clock.advance(2000);
  await waiting;
  expect(readAtMs).toEqual([100, 300, 700, 1100, 1500, 1900, 2000]);
});
