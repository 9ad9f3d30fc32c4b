import { expect, it } from '@jest/globals';
import { RowWaiters } from '../../src/lifecycle/row-waiters.ts';

/** Waiters, and the rows of which a report has heard. */
function createWaiters() {
  const waiters = new RowWaiters(() => (work) => work());
  const heard: string[] = [];
  return {
    heard,
    expectRows: (...ids: readonly string[]) => waiters.expect(ids, ({ id }) => heard.push(id)),
    settle: (id: string) => waiters.answer({ id, published: [], result: { outcome: 'logged' } }),
    fail: (id: string) =>
      waiters.answer({ id, published: [], result: { retryInMs: 1, isLogged: false, error: 'unavailable' } }),
  };
}

it('hands the answers of expected rows to their report, until each has an outcome', () => {
  const { heard, expectRows, settle, fail } = createWaiters();
  expectRows('a', 'b');
  fail('a');
  settle('a');
  settle('b');
  settle('a');
  expect(heard).toEqual(['a', 'a', 'b']);
});

it('forgets the oldest report when more than a thousand expect rows', () => {
  const { heard, expectRows, settle } = createWaiters();
  for (let count = 0; count <= 1000; count++) expectRows(`row ${count}`);
  settle('row 0');
  settle('row 1');
  expect(heard).toEqual(['row 1']);
});
