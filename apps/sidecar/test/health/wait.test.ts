import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { waitUntilReady } from '../../src/health/wait.ts';

function setUp({ readyAfterMs, maxMs }: { readyAfterMs: number; maxMs: number }) {
  const clock = new FakeClock();
  const startedAtMs = clock.monotonicMs();
  let asked = 0;
  const isReady = async () => {
    asked += 1;
    // The port of a starting sidecar is closed.
    if (clock.monotonicMs() - startedAtMs < readyAfterMs) throw new Error('ECONNREFUSED');
    return true;
  };
  return { clock, waited: waitUntilReady({ isReady, clock, maxMs }), asked: () => asked };
}

describe('waitUntilReady', () => {
  it('returns at once when the sidecar is ready', async () => {
    const { waited, asked } = setUp({ readyAfterMs: 0, maxMs: 0 });
    await expect(waited).resolves.toBe(true);
    expect(asked()).toBe(1);
  });

  it.each([
    ['just before the limit', 999, true],
    ['at the limit', 1000, true],
    ['after the limit', 1001, false],
  ])('returns whether a sidecar that becomes ready %s is ready', async (_name, readyAfterMs, expected) => {
    const { clock, waited } = setUp({ readyAfterMs, maxMs: 1000 });
    await clock.advance(1000);
    await expect(waited).resolves.toBe(expected);
    expect(clock.sleeping).toBe(0);
  });

  it('polls a few times a second', async () => {
    const { clock, waited, asked } = setUp({ readyAfterMs: 60_000, maxMs: 10_000 });
    await clock.advance(10_000);
    await waited;
    expect(asked()).toBe(51);
  });
});
