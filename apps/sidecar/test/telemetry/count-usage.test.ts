import { describe, expect, it } from '@jest/globals';
import type { UsageFigures, UsageReport, UsageStore } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import { countUsage, usageReadMs } from '../../src/telemetry/count-usage.ts';
import { logFailureOnce } from '../../src/telemetry/log-state-changes.ts';

const report: UsageReport = { subjects: ['s'], tokens: { browser: ['1'], foreign: ['2'] } };
const figures: UsageFigures = {
  subjectsOfDay: 1,
  subjectsOfMonth: 2,
  tokensOfDay: { browser: 3, other: 4, unknown: 5 },
};

function given({ logMs, relay = false }: { readonly logMs?: number; readonly relay?: boolean } = {}) {
  const clock = new FakeClock();
  const added: { report: UsageReport; atMs: number }[] = [];
  const asked: { classes: readonly string[]; atMs: number }[] = [];
  const lines: object[] = [];
  let failure: Error | undefined;
  const answer = <Value>(value: Value): Promise<Value> => (failure ? Promise.reject(failure) : Promise.resolve(value));
  const usage: UsageStore = {
    add: (what, atMs) => answer(undefined).then(() => void added.push({ report: what, atMs })),
    ...(relay
      ? {}
      : {
          read(classes: readonly string[], atMs: number) {
            asked.push({ classes, atMs });
            return answer(figures);
          },
        }),
    close() {},
  };
  const log = { info() {}, warn: (line: object) => lines.push(line) };
  const counting = countUsage({
    usage,
    replica: { logClock: { nowMs: () => logMs } },
    clock,
    clientClasses: ['browser'],
    onFailure: logFailureOnce(log as never, 'usage cannot be counted'), // only these two are called
  });
  return {
    clock,
    counting,
    added,
    asked,
    lines,
    fail: (error?: Error) => {
      failure = error;
    },
  };
}

describe('given a sidecar that counts usage', () => {
  it('counts configured classes by name and all others as other, on the day of the log', async () => {
    const { counting, added } = given({ logMs: 5000 });
    await counting.count(report);
    expect(added).toEqual([{ report: { subjects: ['s'], tokens: { browser: ['1'], other: ['2'] } }, atMs: 5000 }]);
    counting.close();
  });

  it('uses its own clock until the clock of the log is known', async () => {
    const { counting, added, clock } = given();
    await counting.count(report);
    expect(added[0]?.atMs).toBe(clock.wallMs());
    counting.close();
  });

  it('reads the figures after the first report, and then every ten seconds', async () => {
    const { counting, asked, clock } = given();
    await clock.advance(60_000);
    expect({ asked, latest: counting.latest() }).toEqual({ asked: [], latest: undefined });
    await counting.count(report);
    await counting.count(report);
    await clock.advance(0);
    expect(asked.map(({ classes }) => classes)).toEqual([['browser', 'other', 'unknown']]);
    expect(counting.latest()).toEqual(figures);
    await clock.advance(3 * usageReadMs);
    expect(asked).toHaveLength(4);
    counting.close();
    await clock.advance(usageReadMs);
    expect({ reads: asked.length, sleeping: clock.sleeping }).toEqual({ reads: 4, sleeping: 0 });
  });

  it('rejects the report and logs one line on a failure, and has no figures until the next success', async () => {
    const { counting, lines, clock, fail } = given();
    await counting.count(report);
    await clock.advance(0);
    fail(Object.assign(new Error('secret'), { code: 'no_permission' }));
    await expect(counting.count(report)).rejects.toThrow();
    await expect(counting.count(report)).rejects.toThrow();
    await clock.advance(usageReadMs);
    expect({ lines, latest: counting.latest() }).toEqual({
      lines: [{ code: 'no_permission', remedy: expect.stringContaining('lacks a right') }],
      latest: undefined,
    });
    fail();
    await counting.count(report);
    await clock.advance(usageReadMs);
    expect(counting.latest()).toEqual(figures);
    counting.close();
  });
});

describe('given a relay', () => {
  it('passes reports on unchanged, and has no figures', async () => {
    const { counting, added, clock } = given({ relay: true });
    await counting.count(report);
    await clock.advance(0);
    expect(added.map((given) => given.report)).toEqual([report]);
    expect({ latest: counting.latest(), sleeping: clock.sleeping }).toEqual({ latest: undefined, sleeping: 0 });
  });
});
