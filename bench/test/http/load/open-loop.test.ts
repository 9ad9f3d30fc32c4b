import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { OpenLoop } from '../../../src/http/load/open-loop.ts';
import { Schedule } from '../../../src/http/load/schedule.ts';

const clock = new FakeClock({ monotonicMs: 1000 });
const now = () => clock.monotonicMs();

describe('a schedule', () => {
  it('returns due times in even steps from the start', () => {
    const schedule = new Schedule({ startMs: 100, perSecond: 4, amount: 3 });
    expect(schedule.takeDue(99.9)).toBeUndefined();
    expect(schedule.takeDue(100)).toBe(100);
    expect(schedule.takeDue(349.9)).toBeUndefined();
    // A late call still returns each due time.
    expect(schedule.takeDue(10_000)).toBe(350);
    expect(schedule.isOver).toBe(false);
    expect(schedule.takeDue(10_000)).toBe(600);
    expect(schedule.isOver).toBe(true);
    expect(schedule.takeDue(10_000)).toBeUndefined();
  });

  it('does not drift', () => {
    const schedule = new Schedule({ startMs: 0, perSecond: 3000, amount: 1_000_000 });
    let last: number | undefined;
    for (let due = schedule.takeDue(1e9); due !== undefined; due = schedule.takeDue(1e9)) last = due;
    expect(last).toBe((999_999 * 1000) / 3000);
  });
});

describe('an open loop', () => {
  const start = (connections: string[], amount: number) => {
    const sent: string[] = [];
    const schedule = new Schedule({ startMs: now(), perSecond: 1000, amount });
    const loop = new OpenLoop({ schedule, connections, send: (connection) => sent.push(connection) });
    return { loop, sent };
  };

  it('sends at the due time without waiting for answers', async () => {
    const { loop, sent } = start(['a', 'b'], 2);
    loop.turn(now());
    expect(sent).toEqual(['b']);
    await clock.advance(1);
    loop.turn(now());
    expect(sent).toEqual(['b', 'a']);
    expect(loop.isOver).toBe(false);
  });

  it('includes the wait for a connection in the latency', async () => {
    const { loop, sent } = start(['a'], 2);
    loop.turn(now());
    await clock.advance(1);
    loop.turn(now());
    expect(sent).toEqual(['a']);
    await clock.advance(9);
    loop.answered('a', now());
    expect(sent).toEqual(['a', 'a']);
    await clock.advance(2);
    loop.answered('a', now());
    expect(loop.samples.map(({ latencyMs }) => latencyMs)).toEqual([10, 11]);
    expect(loop.isOver).toBe(true);
  });

  it('records its own delay', async () => {
    const { loop } = start(['a', 'b'], 2);
    await clock.advance(3);
    loop.turn(now());
    expect(loop.noticedLateMs).toEqual([3, 2]);
  });

  it('rejects an answer without a request', () => {
    const { loop } = start(['a'], 1);
    expect(() => loop.answered('a', now())).toThrow('an answer without a request');
  });
});
