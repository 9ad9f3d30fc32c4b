import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { createShutdown, type ShutdownSteps, stepTimeoutMs } from '../src/shutdown.ts';

function setUp({ drainMs = 15_000, override = {} as Partial<ShutdownSteps> } = {}) {
  const clock = new FakeClock();
  const startedAtMs = clock.monotonicMs();
  const calls: string[] = [];
  const failures: string[] = [];
  const note = (step: string) => calls.push(`${step} at ${clock.monotonicMs() - startedAtMs}`);
  const steps: ShutdownSteps = {
    markStopping: () => void note('markStopping'),
    stopHeartbeat: async () => void note('stopHeartbeat'),
    sayGoodbye: () => void note('sayGoodbye'),
    closeListeners: async () => void note('closeListeners'),
    closeSource: async () => void note('closeSource'),
    ...override,
  };
  const stop = createShutdown({ clock, drainMs, steps, onFailure: (step) => failures.push(step) });
  return { clock, calls, failures, stop };
}

describe('given a classic sidecar', () => {
  it('is unready and releases the lease at once, serves while it drains, then sends readers away and closes', async () => {
    const { clock, calls, stop } = setUp();
    const stopped = stop();
    expect(calls).toEqual(['markStopping at 0', 'stopHeartbeat at 0']);
    await clock.advance(14_999);
    expect(calls).toEqual(['markStopping at 0', 'stopHeartbeat at 0']);
    await clock.advance(1);
    await stopped;
    expect(calls.slice(2)).toEqual(['sayGoodbye at 15000', 'closeListeners at 15000', 'closeSource at 15000']);
    expect(clock.sleeping).toBe(0);
  });

  it('stops once, even if stop is called again', async () => {
    const { clock, calls, stop } = setUp();
    const both = Promise.all([stop(), stop()]);
    await clock.advance(15_000);
    await both;
    await stop();
    expect(calls).toHaveLength(5);
  });
});

describe('given a native sidecar, which stops after its API', () => {
  it('does not drain', async () => {
    const { calls, stop } = setUp({ drainMs: 0 });
    await stop();
    expect(calls.at(-1)).toBe('closeSource at 0');
  });
});

describe('given a step that fails', () => {
  it('continues with the next step after an error', async () => {
    const override = { stopHeartbeat: () => Promise.reject(new Error('down')) };
    const { calls, failures, stop } = setUp({ drainMs: 0, override });
    await stop();
    expect(failures).toEqual(['stopHeartbeat']);
    expect(calls).toHaveLength(4);
  });

  it('continues with the next step after the time limit', async () => {
    const override = { stopHeartbeat: () => new Promise<void>(() => undefined) };
    const { clock, calls, stop } = setUp({ drainMs: 0, override });
    const stopped = stop();
    await clock.advance(stepTimeoutMs);
    await stopped;
    expect(calls.at(-1)).toBe(`closeSource at ${stepTimeoutMs}`);
  });
});
