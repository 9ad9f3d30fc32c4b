import { setTimeout as sleep } from 'node:timers/promises';
import { type ContenderRun, withContender } from '../contender-run.ts';
import { p99Ms, within } from '../within.ts';
import type { Burst } from './burst.ts';
import { connections } from './closed-loop.ts';
import { startFlooder } from './flooder.ts';
import { openConnections } from './raw-connection.ts';
import { runOpenLoop } from './run-open-loop.ts';

export interface Watched {
  /** Tokens with a known kid, sent one after another. */
  readonly tokens: readonly string[];
  readonly perSecond: number;
}

/** A contender with watched requests. The figures are p99 of the latency of the watched requests, in ms. */
export interface FloodTarget {
  idle(seconds: number): Promise<number>;
  /** Sends the other tokens evenly spaced during the watched requests. */
  beside(others: readonly string[], othersPerSecond: number): Promise<number>;
  /** Sends each lot as a burst, half a second apart. Counts only watched requests that overlap with a burst. */
  during(lots: readonly (readonly string[])[]): Promise<{ readonly p99: number; readonly bursts: readonly Burst[] }>;
}

/** @param burstSize number of requests of the largest burst. */
export async function withFloodTarget<Result>(
  run: ContenderRun,
  { tokens, perSecond }: Watched,
  burstSize: number,
  use: (target: FloodTarget) => Promise<Result>,
): Promise<Result> {
  return await withContender(run, async (port) => {
    const watched = await openConnections(port, connections);
    const others = await openConnections(port, connections);
    const flooder = await startFlooder(port, burstSize);
    const watch = async (seconds: number) =>
      (await runOpenLoop({ connections: watched, tokens, perSecond, amount: Math.round(perSecond * seconds) })).samples;
    try {
      return await use({
        idle: async (seconds) => p99Ms(await watch(seconds)),
        async beside(tokensOfOthers, othersPerSecond) {
          const amount = tokensOfOthers.length;
          const load = { connections: others, tokens: tokensOfOthers, perSecond: othersPerSecond, anyStatus: true };
          const [samples] = await Promise.all([watch(amount / othersPerSecond), runOpenLoop({ ...load, amount })]);
          return p99Ms(samples);
        },
        async during(lots) {
          const bursts: Burst[] = [];
          const burst = async () => {
            for (const lot of lots) {
              await sleep(500);
              bursts.push(await flooder.burst(lot));
            }
          };
          const [samples] = await Promise.all([watch(lots.length), burst()]);
          return { p99: p99Ms(within(samples, bursts)), bursts };
        },
      });
    } finally {
      for (const connection of [...watched, ...others]) connection.close();
      flooder.end();
    }
  });
}
