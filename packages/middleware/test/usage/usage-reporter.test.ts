import { describe, expect, it } from '@jest/globals';
import { FeedError, type UsageReport } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import { type ReportResult, UsageReporter, usageReportMs } from '../../src/usage/usage-reporter.ts';

const tokenOf = (token: string) => ({ token, subject: 'alice', clientClass: 'other', round: 0 });

async function start(answer: () => Promise<void> = async () => {}) {
  const clock = new FakeClock();
  const reports: UsageReport[] = [];
  const results: ReportResult[] = [];
  const store = {
    async add(report: UsageReport) {
      reports.push(report);
      await answer();
    },
    close() {},
  };
  const reporter = new UsageReporter({ clock, open: async () => store });
  reporter.onResult(clock, (result) => results.push(result));
  await clock.advance(0);
  return { clock, reporter, reports, results };
}

describe('a usage reporter', () => {
  it('reports what is new every ten seconds, and sends no empty report', async () => {
    const { clock, reporter, reports, results } = await start();
    const token = tokenOf('1');
    reporter.see(token, clock.wallMs());
    await clock.advance(usageReportMs - 1);
    expect(reports).toEqual([]);
    await clock.advance(1);
    reporter.see(token, clock.wallMs());
    await clock.advance(3 * usageReportMs);
    expect(reports).toEqual([{ subjects: ['alice'], tokens: { other: ['1'] } }]);
    expect(results).toEqual(['sent']);
    reporter.close();
    expect(clock.sleeping).toBe(0);
  });

  it('drops and counts a report that fails, and reports the next use again', async () => {
    const { clock, reporter, reports, results } = await start(async () => {
      throw new FeedError('unreachable', 'no answer');
    });
    const token = tokenOf('1');
    reporter.see(token, clock.wallMs());
    await clock.advance(2 * usageReportMs);
    expect([reports.length, results]).toEqual([1, ['failed']]);
    reporter.see(token, clock.wallMs());
    await clock.advance(usageReportMs);
    expect([reports.length, results]).toEqual([2, ['failed', 'failed']]);
    reporter.close();
  });

  it('does not report again what the sidecar refused', async () => {
    const { clock, reporter, results } = await start(async () => {
      throw new FeedError('refused', 'not here');
    });
    const token = tokenOf('1');
    for (let time = 0; time < 3; time += 1) {
      reporter.see(token, clock.wallMs());
      await clock.advance(usageReportMs);
    }
    expect(results).toEqual(['refused']);
    reporter.close();
  });

  it('sends one report at a time', async () => {
    const { clock, reporter, reports } = await start(() => new Promise(() => {}));
    for (let time = 0; time < 5; time += 1) {
      reporter.see(tokenOf(String(time)), clock.wallMs());
      await clock.advance(usageReportMs);
    }
    expect(reports).toHaveLength(1);
    reporter.close();
  });

  it.each([
    ['no sidecar takes reports', async () => undefined],
    ['the feed cannot be opened', () => Promise.reject(new Error('wrong option'))],
  ])('adds nothing where %s', async (_where, open) => {
    const clock = new FakeClock();
    const reporter = new UsageReporter({ clock, open });
    await clock.advance(0);
    for (let token = 0; token < 10_000; token += 1) {
      expect(reporter.see(tokenOf(String(token)), clock.wallMs())).toBe(true);
    }
    expect(clock.sleeping).toBe(0);
  });
});
