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

/** How many reports are sent within two seconds of changes without a pause, when each one takes so long. */
async function countReports(tookMs: number): Promise<number> {
  const clock = new FakeClock();
  let reports = 0;
  const reporter = new Reporter(clock, { id: 'r', progress: () => [] }, async () => {
    reports += 1;
    await clock.sleep(tookMs);
    return undefined;
  });
  for (let ms = 0; ms < 2000; ms += 1) {
    reporter.reached(at(`${ms}-0`));
    await clock.advance(1);
  }
  reporter.close();
  return reports;
}

it.each([
  ['20 ms after one that took no time', 0, 2000 / 22],
  ['ten times as long as one that took 10 ms', 10, 2000 / 112],
  ['half a second after one that took longer than 50 ms', 200, 2000 / 702],
  ['20 ms after one that took a second, so that the next proof is permitted', 1000, 2000 / 1022],
])('the next report follows %s', async (_name, tookMs, expected) => {
  const reports = await countReports(tookMs);
  expect(reports).toBeGreaterThan(expected * 0.9 - 1);
  expect(reports).toBeLessThan(expected * 1.1 + 1);
});
