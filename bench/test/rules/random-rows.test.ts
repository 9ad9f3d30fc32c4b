import { expect, it } from '@jest/globals';
import { Denylist } from '@revocast/denylist/replica';
import { randomRows } from '../../src/rules/random-rows.ts';

it('creates different rows', () => {
  const denylist = new Denylist();
  denylist.mergeRows(randomRows(500), 'take');
  expect(denylist.size).toBe(500);
});

it('creates rows with the given ends', () => {
  const denylist = new Denylist();
  denylist.mergeRows(
    randomRows(10, (row) => 1000 + row),
    'take',
  );
  const ends = [...denylist.snapshot().chunks()].flatMap((rows) => [...rows].filter((_, word) => word % 8 === 4));
  expect(ends.sort((a, b) => a - b)).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009]);
});
