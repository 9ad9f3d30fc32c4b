import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { FamilyCollector } from '../../src/families/collector.ts';
import type { CollectedFamilies } from '../../src/families/family-store.ts';

/** A collector of a store that gives these results, one after the other, and then nothing. */
function createCollector(results: (CollectedFamilies | undefined | Error)[]) {
  const clock = new FakeClock();
  const seen: string[] = [];
  const collector = new FamilyCollector({
    clock,
    store: {
      async collect({ keepEndedMs, batch }) {
        seen.push(`collect ${keepEndedMs / 86_400_000} d, ${batch}`);
        if (results.length === 0) return { expired: 0, deleted: 0 };
        const result = results.shift();
        if (result instanceof Error) throw result;
        return result;
      },
    },
    collected: ({ expired, deleted }) => seen.push(`${expired} expired, ${deleted} deleted`),
    succeeded: () => seen.push('succeeded'),
    failed: () => seen.push('failed'),
  });
  return { clock, seen, collector };
}

const step = 'collect 30 d, 1000';

describe('the collector of refresh families', () => {
  it('works in batches until one is not full, then every minute', async () => {
    const { clock, seen, collector } = createCollector([
      { expired: 1000, deleted: 0 },
      { expired: 3, deleted: 1000 },
      { expired: 0, deleted: 7 },
    ]);
    collector.start();
    await clock.advance(0);
    expect(seen.splice(0)).toEqual([
      step,
      '1000 expired, 0 deleted',
      step,
      '3 expired, 1000 deleted',
      step,
      '0 expired, 7 deleted',
      'succeeded',
    ]);
    await clock.advance(59_999);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual([step, '0 expired, 0 deleted', 'succeeded']);
    await collector.close();
  });

  it('leaves the work to another process, and counts it as no run of its own', async () => {
    const { clock, seen, collector } = createCollector([undefined]);
    collector.start();
    await clock.advance(0);
    expect(seen).toEqual([step]);
    await collector.close();
  });

  it('tries again after a failure', async () => {
    const { clock, seen, collector } = createCollector([new Error('the store is down')]);
    collector.start();
    await clock.advance(60_000);
    expect(seen).toEqual([step, 'failed', step, '0 expired, 0 deleted', 'succeeded']);
    await collector.close();
  });

  it('ends with the lifecycle, and does not start again', async () => {
    const { clock, seen, collector } = createCollector([]);
    collector.start();
    await clock.advance(0);
    await collector.close();
    collector.start();
    await clock.advance(600_000);
    expect(seen.filter((line) => line === step)).toHaveLength(1);
  });
});
