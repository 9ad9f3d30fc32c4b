import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { goals } from '../report/goals.ts';
import { ascending, quantile, summarize } from '../report/statistics.ts';
import { startFleet } from './fleet.ts';
import { publishPaced } from './publish-paced.ts';
import { collect, hopsOf } from './seen.ts';
import { slicesOf } from './slices.ts';

export interface SustainedOptions {
  /** Revocations a second. */
  readonly rate: number;
  readonly seconds: number;
  /** The second whose lag is compared with that at the end. */
  readonly early: number;
  readonly progress: Progress;
}

const processes = 2;
/** The lag of a second is the median of this many seconds, because one second can contain a garbage collection. */
const windowSeconds = 5;
const inFlight = 100;

/** Measures whether the lag of the fleet grows under a sustained load. */
export async function benchSustained({ rate, seconds, early, progress }: SustainedOptions): Promise<Figure[]> {
  progress(`fleet: ${rate} revocations/s for ${seconds} s`);
  const fleet = await startFleet({ processes, depth: 1 });
  try {
    const startedAt = performance.now();
    const sent = await publishPaced({ url: fleet.redis.url, rate, seconds, inFlight });
    const reached = sent.size / ((performance.now() - startedAt) / 1000);
    await sleep(5000);
    const hops = (await Promise.all(fleet.replicas.map(collect))).flatMap((seen) => hopsOf(seen, sent));
    const slices = slicesOf(hops, 1000).map(ascending);
    const lag = (last: number, q: number) => summarize(window(slices, last).map((slice) => quantile(slice, q)));
    const ratio = lag(slices.length, 0.5).median / lag(early, 0.5).median;
    const unit = 'ms';
    return [
      { name: `rate reached, of ${rate}`, unit: 'revocations/s', value: summarize([reached]) },
      { name: `lag p50 up to second ${early}`, unit, value: lag(early, 0.5) },
      { name: 'lag p50 at the end', unit, value: lag(slices.length, 0.5) },
      { name: `lag p99 up to second ${early}`, unit, value: lag(early, 0.99) },
      { name: 'lag p99 at the end', unit, value: lag(slices.length, 0.99) },
      {
        name: `lag p50, end over second ${early}`,
        unit: 'x',
        value: summarize([ratio]),
        goal: goals.sustainedLagRatio,
      },
      { name: 'lost', unit: 'hops', value: summarize([sent.size * processes - hops.length]) },
    ];
  } finally {
    await fleet.end();
  }
}

function window(slices: readonly number[][], last: number): readonly number[][] {
  return slices.slice(Math.max(0, last - windowSeconds), last);
}
