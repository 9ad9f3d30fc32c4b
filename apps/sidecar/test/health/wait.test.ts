import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { waitUntilReady } from '../../src/health/wait.ts';

function setUp({ readyAfterMs, maxMs }: { readyAfterMs: number; maxMs: number }) {
  const clock = new FakeClock();
  const startedAtMs = clock.monotonicMs();
  let asked = 0;
  const isReady = async () => {
    asked += 1;
    // A sidecar that has not opened its port yet refuses the connection.
    if (clock.monotonicMs() - startedAtMs < readyAfterMs) throw new Error('ECONNREFUSED');
    return true;
  };
  return { clock, waited: waitUntilReady({ isReady, clock, maxMs }), asked: () => asked };
}

describe('waitUntilReady', () => {
  it('is done at once when the sidecar is ready', async () => {
    const { waited, asked } = setUp({ readyAfterMs: 0, maxMs: 0 });
    await expect(waited).resolves.toBe(true);
    expect(asked()).toBe(1);
  });

  it.each([
    ['just before the time is up', 999, true],
    ['as the time is up', 1000, true],
    ['after it', 1001, false],
  ])('given a sidecar that becomes ready %s, says so', async (_name, readyAfterMs, expected) => {
    const { clock, waited } = setUp({ readyAfterMs, maxMs: 1000 });
    await clock.advance(1000);
    await expect(waited).resolves.toBe(expected);
    expect(clock.sleeping).toBe(0);
  });

  it('asks a few times a second, not in a hot loop', async () => {
    const { clock, waited, asked } = setUp({ readyAfterMs: 60_000, maxMs: 10_000 });
    await clock.advance(10_000);
    await waited;
    expect(asked()).toBe(51);
  });
});
