import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../src/fake-clock.ts';

describe('FakeClock', () => {
  it('does not advance by itself', async () => {
    const clock = new FakeClock({ monotonicMs: 5, wallMs: 1000 });
    await new Promise((resolve) => setImmediate(resolve));
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([5, 1000]);
  });

  it('advances both clocks', async () => {
    const clock = new FakeClock({ monotonicMs: 5, wallMs: 1000 });
    await clock.advance(7);
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([12, 1007]);
  });

  it('moves only the wall clock in a jump, in both directions', () => {
    const clock = new FakeClock({ monotonicMs: 5, wallMs: 1000 });
    clock.jumpWall(3_600_000);
    clock.jumpWall(-7_200_000);
    expect([clock.monotonicMs(), clock.wallMs()]).toEqual([5, 1000 - 3_600_000]);
  });

  it.each([
    [9, false],
    [10, true],
    [11, true],
  ])('after %i ms, a sleep of 10 ms has ended: %s', async (ms, ended) => {
    const clock = new FakeClock();
    let awake = false;
    void clock.sleep(10).then(() => {
      awake = true;
    });
    await clock.advance(ms);
    expect(awake).toBe(ended);
    expect(clock.sleeping).toBe(ended ? 0 : 1);
  });

  it('wakes sleepers at their time, in order of time and then of the call', async () => {
    const clock = new FakeClock({ monotonicMs: 0 });
    const woken: string[] = [];
    const sleeper = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push(`${name} at ${clock.monotonicMs()}`);
    };
    void sleeper('late', 30);
    void sleeper('early', 10);
    void sleeper('as early', 10);
    await clock.advance(100);
    expect(woken).toEqual(['early at 10', 'as early at 10', 'late at 30']);
  });

  it('runs a loop with sleeps as often as in real time', async () => {
    const clock = new FakeClock();
    let turns = 0;
    const stop = new AbortController();
    const loop = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await clock.sleep(10, stop.signal);
        turns += 1;
      }
    };
    const running = loop();
    await clock.advance(95);
    expect(turns).toBe(9);
    stop.abort();
    await running;
    expect(clock.sleeping).toBe(0);
  });

  it.each([true, false])(
    'finishes a long chain of promises before the next sleeper wakes, with I/O: %s',
    async (hasIo) => {
      const clock = new FakeClock({ hasIo });
      const order: string[] = [];
      void (async () => {
        await clock.sleep(1);
        for (let step = 0; step < 500; step += 1) await null;
        order.push('chain');
      })();
      void clock.sleep(2).then(() => order.push('next'));
      await clock.advance(2);
      expect(order).toEqual(['chain', 'next']);
    },
  );

  it('ends a sleep when its signal aborts, or has aborted before', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1000, controller.signal);
    controller.abort();
    await sleeping;
    await clock.sleep(1000, controller.signal);
    expect(clock.sleeping).toBe(0);
    expect(clock.monotonicMs()).toBe(10_000);
  });

  it('ends every sleep of one signal, and only those', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = [clock.sleep(1000, controller.signal), clock.sleep(2000, controller.signal)];
    void clock.sleep(1000, new AbortController().signal);
    controller.abort();
    await Promise.all(sleeping);
    expect(clock.sleeping).toBe(1);
  });

  it('ends a nap after its time, or when it is woken', async () => {
    const clock = new FakeClock();
    const naps = [clock.nap(10), clock.nap(1000)];
    naps[1]?.wake();
    await clock.advance(10);
    await Promise.all(naps.map(({ over }) => over));
    expect(clock.sleeping).toBe(0);
  });

  it('ends a sleep of 0 ms at the next step, and not before', async () => {
    const clock = new FakeClock();
    let awake = false;
    void clock.sleep(0).then(() => {
      awake = true;
    });
    await Promise.resolve();
    expect(awake).toBe(false);
    await clock.advance(0);
    expect(awake).toBe(true);
  });

  it('does not go backwards', async () => {
    await expect(new FakeClock().advance(-1)).rejects.toThrow('advance: expected at least 0 ms, found -1');
  });
});
