import { describe, expect, it } from '@jest/globals';
import { MemoryReplayStore } from '../../src/binding/replay-store.ts';

function open(maxEntries = 1000) {
  const clock = { nowMs: 0 };
  return { clock, store: new MemoryReplayStore({ maxEntries, now: () => clock.nowMs }) };
}

describe('proofs in memory', () => {
  it('are new once, and again only after their lifetime', () => {
    const { clock, store } = open();
    expect([store.take('a', 1000), store.take('a', 1000), store.take('b', 1000)]).toEqual(['first', 'again', 'first']);
    clock.nowMs = 999;
    expect(store.take('a', 1000)).toBe('again');
    clock.nowMs = 1000;
    expect(store.take('a', 1000)).toBe('first');
  });

  it('are removed after their lifetime', () => {
    const { clock, store } = open();
    for (let at = 0; at < 500; at += 1) store.take(`old-${at}`, 1000);
    clock.nowMs = 1000;
    store.take('new', 1000);
    expect(store.size).toBe(1);
  });

  it('are not removed to make room: at the bound the answer is unknown', () => {
    const { clock, store } = open(3);
    for (const name of ['a', 'b', 'c']) expect(store.take(name, 1000)).toBe('first');
    expect([store.take('d', 1000), store.take('a', 1000)]).toEqual(['unknown', 'again']);
    clock.nowMs = 1000;
    expect(store.take('d', 1000)).toBe('first');
  });
});
