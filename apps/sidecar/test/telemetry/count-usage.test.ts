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

describe('given a sidecar that keeps the figures', () => {
  it('counts classes that it knows, and every other as other, on the day of the log', async () => {
    const { counting, added } = given({ logMs: 5000 });
    await counting.count(report);
    expect(added).toEqual([{ report: { subjects: ['s'], tokens: { browser: ['1'], other: ['2'] } }, atMs: 5000 }]);
    counting.close();
  });

  it('goes by its own clock as long as that of the log is not known', async () => {
    const { counting, added, clock } = given();
    await counting.count(report);
    expect(added[0]?.atMs).toBe(clock.wallMs());
    counting.close();
  });

  it('asks for figures when the first report came, and then every ten seconds', async () => {
    const { counting, asked, clock } = given();
    await clock.advance(60_000);
    expect([asked, counting.latest()]).toEqual([[], undefined]);
    await counting.count(report);
    await counting.count(report);
    await clock.advance(0);
    expect(asked.map(({ classes }) => classes)).toEqual([['browser', 'other', 'unknown']]);
    expect(counting.latest()).toEqual(figures);
    await clock.advance(3 * usageReadMs);
    expect(asked).toHaveLength(4);
    counting.close();
    await clock.advance(usageReadMs);
    expect([asked.length, clock.sleeping]).toEqual([4, 0]);
  });

  it('tells the process and one line of the log what fails, has no figures meanwhile, and mends itself', async () => {
    const { counting, lines, clock, fail } = given();
    await counting.count(report);
    await clock.advance(0);
    fail(Object.assign(new Error('secret'), { code: 'no_permission' }));
    await expect(counting.count(report)).rejects.toThrow();
    await expect(counting.count(report)).rejects.toThrow();
    await clock.advance(usageReadMs);
    expect([lines, counting.latest()]).toEqual([
      [{ code: 'no_permission', remedy: expect.stringContaining('lacks a right') }],
      undefined,
    ]);
    fail();
    await counting.count(report);
    await clock.advance(usageReadMs);
    expect(counting.latest()).toEqual(figures);
    counting.close();
  });
});

describe('given a relay', () => {
  it('hands reports on as they are, and has no figures', async () => {
    const { counting, added, clock } = given({ relay: true });
    await counting.count(report);
    await clock.advance(0);
    expect(added.map((given) => given.report)).toEqual([report]);
    expect([counting.latest(), clock.sleeping]).toEqual([undefined, 0]);
  });
});
