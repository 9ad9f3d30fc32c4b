import { describe, expect, it } from '@jest/globals';
import { proveAtOnce } from '../../src/health/prove-at-once.ts';

type State = 'cold' | 'fresh' | 'stale';

/** Beats counted after each state in which the replica reached a position; the first is the one it is found in. */
function beatsAfter(first: State, ...states: readonly State[]): number[] {
  let state = first;
  let reached = () => {};
  let beats = 0;
  const replica = {
    freshness: { status: () => ({ state }) },
    onPosition(listener: () => void) {
      reached = listener;
    },
  };
  const beatNow = () => {
    beats += 1;
  };
  proveAtOnce(replica, { beatNow });
  return [
    beats,
    ...states.map((next) => {
      state = next;
      reached();
      return beats;
    }),
  ];
}

describe('a sidecar that lacks only a proof', () => {
  it('beats as soon as it is complete', () => {
    expect(beatsAfter('cold', 'cold', 'stale')).toEqual([0, 0, 1]);
    expect(beatsAfter('stale')).toEqual([1]);
  });

  it('beats no more while that brings it nothing, and again when it has been fresh in between', () => {
    expect(beatsAfter('stale', 'stale', 'stale', 'fresh', 'fresh', 'stale', 'stale')).toEqual([1, 1, 1, 1, 1, 2, 2]);
  });
});
