import { describe, expect, it } from '@jest/globals';
import { proveAtOnce } from '../../src/health/prove-at-once.ts';

type State = 'cold' | 'fresh' | 'stale';

/** The number of heartbeats after the initial state, and after each position with the next state. */
function beatsAfter(first: State, ...states: readonly State[]): number[] {
  let state = first;
  let reached = () => {};
  let beats = 0;
  const replica = {
    freshness: { isFresh: () => state === 'fresh', status: () => ({ state }) },
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

describe('a sidecar that is complete without a proof', () => {
  it('writes a heartbeat as soon as it is complete', () => {
    expect(beatsAfter('cold', 'cold', 'stale')).toEqual([0, 0, 1]);
    expect(beatsAfter('stale')).toEqual([1]);
  });

  it('writes no second heartbeat while it stays stale, and one more after it was fresh', () => {
    expect(beatsAfter('stale', 'stale', 'stale', 'fresh', 'fresh', 'stale', 'stale')).toEqual([1, 1, 1, 1, 1, 2, 2]);
  });
});
