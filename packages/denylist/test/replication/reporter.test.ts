import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import type { FeedPosition } from '../../src/log/feed.ts';
import { Reporter } from '../../src/replication/reporter.ts';

const at = (cursor: string): FeedPosition => ({
  epoch: 'e',
  head: cursor,
  cursor,
  healing: false,
  maxTokenLifetimeSeconds: 86_400,
  minReader: 1,
});

/** Reports of a reader whose position moves every millisecond, each of which takes `tookMs`. */
function givenReader({ tookMs = 0, replicas = { revision: 0 } } = {}) {
  const clock = new FakeClock();
  const startedAtMs = clock.monotonicMs();
  const sentAtMs: number[] = [];
  let moved = 0;
  const listeners: (() => void)[] = [];
  const reader = {
    id: 'r',
    progress: () => [],
    get revision() {
      return replicas.revision;
    },
    onProgress: (listener: () => void) => {
      listeners.push(listener);
      return () => {};
    },
  };
  const reporter = new Reporter(clock, reader, async () => {
    sentAtMs.push(clock.monotonicMs() - startedAtMs);
    await clock.sleep(tookMs);
    return undefined;
  });
  return {
    clock,
    reporter,
    sentAtMs,
    join() {
      replicas.revision += 1;
      for (const listener of listeners) listener();
    },
    move() {
      moved += 1;
      reporter.reached(at(`${moved}-0`));
    },
    async moveFor(ms: number) {
      for (let passed = 0; passed < ms; passed += 1) {
        this.move();
        await clock.advance(1);
      }
    },
  };
}

const pausesOf = (times: readonly number[]) => times.slice(1).map((ms, index) => ms - times[index]!);

it('a change after a quiet time is reported within 2 ms', async () => {
  const { clock, move, sentAtMs } = givenReader();
  for (let change = 0; change < 5; change++) {
    move();
    await clock.advance(25);
  }
  expect(sentAtMs).toEqual([2, 27, 52, 77, 102]);
});

it('changes without a pause are reported at growing distances, of 0.16 s at most', async () => {
  const reader = givenReader();
  await reader.moveFor(1000);
  expect(pausesOf(reader.sentAtMs)).toEqual([20, 40, 80, ...Array.from({ length: 5 }, () => 160)]);
  await reader.clock.advance(500);
  const before = reader.sentAtMs.length;
  reader.move();
  await reader.clock.advance(2);
  expect(reader.sentAtMs).toHaveLength(before + 1);
});

it('a report of a busy reader leaves with a change, and without one at the latest 0.2 s after the report before', async () => {
  const { clock, move, sentAtMs } = givenReader();
  const movedAtMs: number[] = [];
  while (movedAtMs.length < 100) {
    movedAtMs.push(movedAtMs.length * 15);
    move();
    await clock.advance(15);
  }
  const busy = sentAtMs.slice(-5);
  expect(busy.filter((ms) => !movedAtMs.includes(ms))).toEqual([]);
  expect(pausesOf(busy)).toEqual([165, 165, 165, 165]);
  const lastMs = busy.at(-1)!;
  move();
  await clock.advance(1000);
  expect(sentAtMs.slice(sentAtMs.indexOf(lastMs) + 1)).toEqual([lastMs + 200]);
});

it('a new replica is reported 20 ms after the last report at the latest, however busy the reader is', async () => {
  const reader = givenReader();
  await reader.moveFor(500);
  const lastMs = reader.sentAtMs.at(-1)!;
  await reader.moveFor(lastMs + 130 - 500);
  const joinedAtMs = lastMs + 130;
  reader.join();
  await reader.moveFor(1);
  expect(reader.sentAtMs.at(-1)).toBe(joinedAtMs);
  reader.join();
  await reader.moveFor(21);
  expect(reader.sentAtMs.at(-1)).toBe(joinedAtMs + 20);
});

it.each([
  ['ten times as long as one that took 30 ms', 30, 330],
  ['half a second after one that took longer than 50 ms', 200, 700],
  ['20 ms after one that took a second, so that the next proof is permitted', 1000, 1020],
])('the next report follows %s', async (_name, tookMs, everyMs) => {
  const reader = givenReader({ tookMs });
  await reader.moveFor(6000);
  expect(pausesOf(reader.sentAtMs).slice(2)).toEqual(
    pausesOf(reader.sentAtMs)
      .slice(2)
      .map(() => everyMs),
  );
  expect(reader.sentAtMs.length).toBeGreaterThan(2);
});

it('a closed reader reports nothing more', async () => {
  const reader = givenReader();
  await reader.moveFor(150);
  const before = reader.sentAtMs.length;
  reader.reporter.close();
  await reader.clock.advance(1000);
  expect(reader.sentAtMs).toHaveLength(before);
});

it('heartbeats, which move the position of an idle log, are reported once a second, and without a timer', async () => {
  const { clock, reporter, sentAtMs } = givenReader();
  reporter.reached(at('0-0'));
  await clock.advance(500);
  for (let beat = 1; beat <= 8; beat++) {
    reporter.reached(at(`${beat}-0`), false);
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
    await clock.advance(500);
  }
  expect(sentAtMs).toEqual([2, 1000, 2000, 3000, 4000]);
});

it('a change that comes while a heartbeat is reported is reported afterwards', async () => {
  const { clock, reporter, move, sentAtMs } = givenReader({ tookMs: 10 });
  reporter.reached(at('0-0'));
  await clock.advance(1000);
  reporter.tick();
  await clock.advance(5);
  move();
  await clock.advance(100);
  expect(sentAtMs).toEqual([2, 1000, 1012]);
});
