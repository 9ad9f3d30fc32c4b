import { expect, it } from '@jest/globals';
import { memoryStore } from '@revocast/issuer';
import { FakeClock } from '@revocast/test-support';
import type { AttemptResult } from '../../src/outbox/outbox-store.ts';
import { OutboxWorker } from '../../src/outbox/worker.ts';

const statement = { kind: 'deny', revocation: { issuer: 'i', session: 's', reason: 'logout' } } as const;
const rowOf = (id: string) => ({ id, target: id, statement, occurredAtMs: undefined });

it.each([
  ['unavailable', 2],
  ['too_many_broad_rules', 1],
  ['clock_disagreement', 1],
])('after a success, a row that failed with %s has had %i attempts', async (error, expected) => {
  const clock = new FakeClock();
  const { outbox } = memoryStore({ clock });
  const attempts = { failing: 0, other: 0 };
  const worker = new OutboxWorker({
    outbox,
    clock,
    collected: () => {},
    storeFailed: () => {},
    attempt: async ({ id }): Promise<AttemptResult> => {
      attempts[id === 'failing' ? 'failing' : 'other'] += 1;
      return id === 'failing' ? { retryInMs: 30_000, isLogged: false, error } : { outcome: 'logged' };
    },
  });
  await outbox.add([rowOf('failing')]);
  worker.start();
  await clock.advance(1000);
  await outbox.add([rowOf('other')]);
  await clock.advance(1000);
  await worker.close();
  expect(attempts).toEqual({ failing: expected, other: 1 });
});

it('deletes old rows in batches, until one is not full', async () => {
  const clock = new FakeClock();
  const { outbox } = memoryStore({ clock });
  const left = [1000, 1000, 3, 0];
  const deleted: number[] = [];
  outbox.collect = async () => left.shift() ?? 0;
  const worker = new OutboxWorker({
    outbox,
    clock,
    storeFailed: () => {},
    collected: (rows) => deleted.push(rows),
    attempt: async () => ({ outcome: 'logged' }),
  });
  worker.start();
  await clock.advance(1000);
  expect(deleted).toEqual([1000, 1000, 3]);
  await clock.advance(60_000);
  expect(deleted).toEqual([1000, 1000, 3, 0]);
  await worker.close();
});
