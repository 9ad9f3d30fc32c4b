import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../world/pause.ts';
import { appendOldEntries, appendOldRules } from './aged-log.ts';
import { Load, type LoadCounts, pace } from './load.ts';
import { plotLine } from './plot.ts';
import { type Series, SeriesBook } from './series.ts';
import { SoakWorld } from './soak-world.ts';
import { judgeSeries, type SeriesVerdict } from './verdict.ts';

const sampleEveryMs = 5000;

/** The last line that a soak prints. */
export interface SoakSummary {
  readonly soakMinutes: number;
  readonly requests: number;
  readonly statements: number;
  readonly unavailable: number;
  readonly wrongAnswers: number;
  readonly violations: readonly string[];
  /** The largest growth of a process in ten minutes, in bytes. */
  readonly worstRssGrowth: number;
  readonly worstHeapGrowth: number;
}

export interface SoakReport extends SoakSummary {
  readonly node: string;
  readonly figures: readonly (SeriesVerdict & { readonly plot: string })[];
}

/** Runs ordinary load without faults for some minutes, and reports figures that grow. */
export async function soak(minutes: number, say: (line: string) => void): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'revocast-soak-'));
  // Longer than the soak, because caches and journals are filled first.
  const ageing = { pace, seconds: minutes * 60 + 180 };
  const world = await SoakWorld.open(folder, (redis) => appendOldEntries(redis, ageing));
  try {
    const load = await Load.open(world.redis.url, world.signer);
    const apis = world.apis.map(({ actor: { who }, port }) => ({ who, port }));
    say('filling caches and journals');
    await appendOldRules(world.redis.url, ageing);
    await load.fillJournals();
    await load.fillCaches(apis);
    say(`soaking for ${minutes} minutes`);
    load.start(apis);
    const book = new SeriesBook();
    await sample(world, book, minutes * 60_000);
    await load.stop();
    return reportOf(book.all(), { soakMinutes: minutes, ...load.counts });
  } finally {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sample(world: SoakWorld, book: SeriesBook, durationMs: number): Promise<void> {
  const begunMs = performance.now();
  for (let nextMs = 0; nextMs <= durationMs; nextMs += sampleEveryMs) {
    await pause(Math.max(0, begunMs + nextMs - performance.now()));
    await world.measure(book, performance.now() - begunMs);
  }
}

interface Counted extends Readonly<LoadCounts> {
  readonly soakMinutes: number;
}

export function reportOf(
  series: readonly Series[],
  { soakMinutes, requests, statements, unavailableAtMs, wrong }: Counted,
): SoakReport {
  const figures = series.map((one) => ({ ...judgeSeries(one), plot: plotLine(one.points) }));
  const worst = (suffix: string) =>
    Math.round(Math.max(0, ...figures.filter(({ name }) => name.endsWith(suffix)).map((one) => one.growthPer10Min)));
  return {
    soakMinutes,
    requests,
    statements,
    unavailable: unavailableAtMs.length,
    wrongAnswers: wrong.length,
    violations: [
      ...figures.flatMap(({ violation }) => violation ?? []),
      ...wrong.slice(0, 10),
      ...(unavailableAtMs.length > 0
        ? [`${unavailableAtMs.length} requests were answered 503, ${when(unavailableAtMs)}`]
        : []),
    ],
    worstRssGrowth: worst(' rss'),
    worstHeapGrowth: worst(' heap'),
    node: process.version,
    figures: figures.map((one) => ({
      ...one,
      level: Math.round(one.level),
      growthPer10Min: Math.round(one.growthPer10Min),
      mostOff: Math.round(one.mostOff),
    })),
  };
}

function when(timesMs: readonly number[]): string {
  const second = (timeMs: number) => Math.round(timeMs / 1000);
  return `between second ${second(Math.min(...timesMs))} and ${second(Math.max(...timesMs))}`;
}

/** One line for each figure: its level, its growth in ten minutes and a plot. */
export function drawSoak({ figures }: SoakReport): string[] {
  return figures.map(({ name, level, growthPer10Min, plot, violation }) => {
    const growth = `${growthPer10Min >= 0 ? '+' : ''}${growthPer10Min}`;
    return `${name.padEnd(13)} ${String(level).padStart(11)} ${growth.padStart(9)}/10 min  ${plot}${violation === undefined ? '' : '  !'}`;
  });
}
