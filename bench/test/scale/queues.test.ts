import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@revocast/test-support/seeded-random';
import fc from 'fast-check';
import { EventQueue } from '../../src/scale/event-queue.ts';
import { serveAtOnce } from '../../src/scale/storm/serve-at-once.ts';
import { serveInTurn } from '../../src/scale/storm/serve-in-turn.ts';

const times = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 })
  .map((list) => list.sort((a, b) => a - b));
const endless = { patienceMs: Infinity, wasteMs: 0, horizonMs: Infinity, random: seededRandom(1) };

describe('the event queue', () => {
  it('returns events by time, and events of the same time in order of addition', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (list) => {
        const queue = new EventQueue<number>();
        for (const [index, atMs] of list.entries()) queue.add(atMs, index);
        const taken = list.map(() => queue.take());
        const sorted = list.map((atMs, event) => ({ atMs, event })).sort((a, b) => a.atMs - b.atMs);
        expect(taken.map((one) => one && { atMs: one.atMs, event: one.event })).toEqual(sorted);
        expect(queue.take()).toBeUndefined();
      }),
    );
  });
});

describe('a server that serves all callers at once', () => {
  it('divides its width: two jobs of 10 ms take 20 ms on one core, and 10 ms on two cores', () => {
    expect(serveAtOnce([0, 0], { workMs: 10, width: 1 })).toEqual({ doneAtMs: [20, 20], mostAtOnce: 2 });
    expect(serveAtOnce([0, 0], { workMs: 10, width: 2 })).toEqual({ doneAtMs: [10, 10], mostAtOnce: 2 });
    expect(serveAtOnce([0, 5], { workMs: 10, width: 1 }).doneAtMs).toEqual([15, 20]);
  });

  it('ends the last job at the same time as a server that serves in turn', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 100 }), (arrivals, workMs) => {
        const last = serveAtOnce(arrivals, { workMs, width: 1 }).doneAtMs.at(-1) ?? 0;
        expect(last).toBeCloseTo(serveInTurn(arrivals, { ...endless, workMs }).doneAtMs.at(-1) ?? 0, 6);
      }),
    );
  });
});

describe('a server that serves in turn', () => {
  it('serves a caller that waited exactly its patience, and not one that waited longer', () => {
    const served = serveInTurn([0, 0], { ...endless, workMs: 10, patienceMs: 10 });
    expect(served).toEqual({ doneAtMs: [10, 20], timeouts: 0 });
    expect(serveInTurn([0, 0], { ...endless, workMs: 10.1, patienceMs: 10 }).timeouts).toBe(1);
  });

  it('never serves some callers when it spends its time on disconnected ones', () => {
    const crowd = new Array<number>(100).fill(0);
    const { doneAtMs, timeouts } = serveInTurn(crowd, {
      ...{ workMs: 200, patienceMs: 3000, wasteMs: 60, horizonMs: 60_000, random: seededRandom(1) },
    });
    expect(doneAtMs.filter((atMs) => atMs === Infinity).length).toBeGreaterThan(50);
    expect(timeouts).toBeGreaterThan(100);
  });
});
