import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { cachedFor } from '../../src/families/cached-for.ts';

it('reads a value once in its time, and again after a failure', async () => {
  const clock = new FakeClock();
  const results: (number | Error)[] = [1, 2, new Error('down'), 3];
  const read = cachedFor(
    10_000,
    async () => {
      const result = results.shift();
      if (result instanceof Error) throw result;
      return result;
    },
    clock,
  );
  expect([await read(), await read()]).toEqual([1, 1]);
  await clock.advance(9_999);
  expect(await read()).toBe(1);
  await clock.advance(1);
  expect(await read()).toBe(2);
  await clock.advance(10_000);
  await expect(read()).rejects.toThrow('down');
  expect(await read()).toBe(3);
});
