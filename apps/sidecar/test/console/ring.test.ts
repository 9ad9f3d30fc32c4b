import { describe, expect, it } from '@jest/globals';
import { Ring } from '../../src/console/ring.ts';

function filled(capacity: number, count: number): readonly number[] {
  const ring = new Ring<number>(capacity);
  for (let item = 1; item <= count; item++) ring.push(item);
  return ring.items();
}

describe('a ring of three', () => {
  it.each([
    [0, []],
    [1, [1]],
    [2, [1, 2]],
    [3, [1, 2, 3]],
    [4, [2, 3, 4]],
    [6, [4, 5, 6]],
    [100, [98, 99, 100]],
  ])('holds of %d the last, oldest first', (count, expected) => {
    expect(filled(3, count)).toEqual(expected);
  });

  it('returns a copy', () => {
    const ring = new Ring<number>(3);
    const before = ring.items();
    ring.push(1);
    expect(before).toEqual([]);
  });
});

it('a ring of one keeps the last item', () => {
  expect(filled(1, 5)).toEqual([5]);
});
