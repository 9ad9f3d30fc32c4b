import { beforeEach, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { FamilyTurns } from '../../src/families/postgres/family-turns.ts';
import { LockedError } from '../../src/postgres/store-errors.ts';

const family = new Uint8Array(16).fill(1);
const other = new Uint8Array(16).fill(2);

let clock: FakeClock;
let turns: FamilyTurns;
beforeEach(() => {
  clock = new FakeClock();
  turns = new FamilyTurns({ clock, timeoutMs: 5000 });
});

/** A refresh that runs until `end` or `fail`. */
function createRefresh() {
  let isRunning = false;
  let end = () => {};
  let fail = (_: unknown) => {};
  const run = async () => {
    isRunning = true;
    await new Promise<void>((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
  };
  return { run, isRunning: () => isRunning, end: () => end(), fail: (error: unknown) => fail(error) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const refused = { name: 'StoreError', code: 'store_unavailable' };

it('runs the refreshes of one family one after another, and those of another family at once', async () => {
  const [first, second, elsewhere] = [createRefresh(), createRefresh(), createRefresh()];
  const running = [turns.take(family, first.run), turns.take(family, second.run), turns.take(other, elsewhere.run)];
  await settled();
  expect([first, second, elsewhere].map((each) => each.isRunning())).toEqual([true, false, true]);
  first.end();
  await settled();
  expect(second.isRunning()).toBe(true);
  second.end();
  elsewhere.end();
  await Promise.all(running);
});

it('gives the turn to the next one after an error, which is that of one refresh', async () => {
  const first = createRefresh();
  const failed = expect(turns.take(family, first.run)).rejects.toThrow('lost connection');
  const next = turns.take(family, async () => 'rotated');
  await settled();
  first.fail(new Error('lost connection'));
  await failed;
  expect(await next).toBe('rotated');
});

it('refuses those that wait behind a locked row, and new ones for a second', async () => {
  const first = createRefresh();
  const failed = expect(turns.take(family, first.run)).rejects.toThrow(LockedError);
  const waiting = expect(turns.take(family, async () => 'rotated')).rejects.toMatchObject(refused);
  await settled();
  first.fail(new LockedError('store_unavailable', 'locked'));
  await failed;
  await waiting;
  await clock.advance(999);
  await expect(turns.take(family, async () => 'rotated')).rejects.toMatchObject(refused);
  expect(await turns.take(other, async () => 'rotated')).toBe('rotated');
  await clock.advance(1);
  expect(await turns.take(family, async () => 'rotated')).toBe('rotated');
});

it('refuses one that has waited for the limit, and does not run it later', async () => {
  const [first, late] = [createRefresh(), createRefresh()];
  const running = turns.take(family, first.run);
  const refusal = expect(turns.take(family, late.run)).rejects.toMatchObject(refused);
  await settled();
  await clock.advance(5000);
  await refusal;
  first.end();
  await running;
  expect(await turns.take(family, async () => 'rotated')).toBe('rotated');
  expect(late.isRunning()).toBe(false);
});

it('lets 100 wait, and refuses the next one at once', async () => {
  const first = createRefresh();
  const running = turns.take(family, first.run);
  const waiting = Array.from({ length: 100 }, () => turns.take(family, async () => 'rotated'));
  await expect(turns.take(family, async () => 'rotated')).rejects.toMatchObject(refused);
  await settled();
  first.end();
  await running;
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['rotated']));
});
