import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { RetryClaim } from '../../src/express/retry-refresh-store.ts';
import { SharedClaims } from '../../src/express/shared-claims.ts';

let asked: number[];
let held: RetryClaim;
let claims: SharedClaims;
beforeEach(() => {
  jest.useFakeTimers();
  asked = [];
  held = { state: 'running' };
  const startedMs = performance.now();
  const claim = async () => {
    asked.push(performance.now() - startedMs);
    return held;
  };
  claims = new SharedClaims({ claim, waitMs: 5000 });
});
afterEach(() => {
  jest.useRealTimers();
});

const take = (count: number) => Promise.all(Array.from({ length: count }, () => claims.take('id')));

it('asks the store for all that wait, in pauses that grow from 25 to 200 ms', async () => {
  const waiting = take(20);
  await jest.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual([0, 25, 75, 175, 375, 575, 775, 975]);
  await jest.advanceTimersByTimeAsync(4000);
  expect(await waiting).toEqual(Array(20).fill({ state: 'waited_too_long' }));
  expect(asked).toHaveLength(29);
  await jest.advanceTimersByTimeAsync(1000);
  expect(asked).toHaveLength(29);
});

it('refuses at once those beyond 20', async () => {
  const waiting = take(25);
  await jest.advanceTimersByTimeAsync(5000);
  const states = (await waiting).map(({ state }) => state);
  expect(states).toEqual([...Array(20).fill('waited_too_long'), ...Array(5).fill('too_many_waiting')]);
});

it('asks again at once when the request at the server has ended, and lets one go there', async () => {
  const waiting = Array.from({ length: 3 }, () => claims.take('id'));
  await jest.advanceTimersByTimeAsync(200);
  expect(asked).toEqual([0, 25, 75, 175]);
  held = { state: 'first' };
  claims.ended('id');
  expect(await waiting[0]).toEqual({ state: 'first', owner: expect.stringMatching(/^[\w-]{22}$/) });
  held = { state: 'running' };
  await jest.advanceTimersByTimeAsync(30);
  expect(asked).toEqual([0, 25, 75, 175, 200, 225]);
  held = { state: 'answered', sealed: Buffer.from('answer') };
  claims.ended('id');
  expect(await Promise.all(waiting.slice(1))).toEqual([held, held]);
});

it('asks again when the request at the server ends during a question', async () => {
  let answer = (_: RetryClaim) => {};
  let count = 0;
  claims = new SharedClaims({
    claim: () => {
      count += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    waitMs: 5000,
  });
  void claims.take('id');
  claims.ended('id');
  answer({ state: 'running' });
  await jest.advanceTimersByTimeAsync(0);
  expect(count).toBe(2);
});

it('rejects for all that wait when the store fails, and asks anew for the next one', async () => {
  claims = new SharedClaims({ claim: async () => Promise.reject(new Error('down')), waitMs: 5000 });
  const waiting = Array.from({ length: 3 }, () => claims.take('id'));
  for (const each of waiting) await expect(each).rejects.toThrow('down');
  await expect(claims.take('id')).rejects.toThrow('down');
});
