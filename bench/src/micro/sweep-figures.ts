import { systemClock as clock, openReplica, openSource, systemRandom as random } from '@revocast/denylist/replica';
import { watchPauses } from '../pauses.ts';
import type { Figure } from '../report/figure.ts';
import { goals } from '../report/goals.ts';
import { summarize } from '../report/statistics.ts';
import { randomRows } from '../rules/random-rows.ts';

export interface SweepOptions {
  /** Number of rules that end every second. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** A rule is kept for an hour after its end (docs/protocol.md). */
const keptSeconds = 3600;

/** Measures a replica whose rules end in real time: whether it removes them in time, and its longest pause. */
export async function sweepFigures({ perSecond, seconds }: SweepOptions): Promise<Figure[]> {
  const source = await openSource('memory:');
  const replica = openReplica({ feed: source.feed, clock, random, maxRules: 20_000_000 });
  await replica.ready({ timeoutMs: 5000 });
  const firstEnd = Math.floor(clock.wallMs() / 1000) - keptSeconds + 2;
  const rows = randomRows(perSecond * seconds, (row) => firstEnd + Math.floor(row / perSecond));
  replica.denylist.mergeRows(rows, 'union');
  await clock.sleep(1000, undefined, true);
  const pauses = watchPauses();
  pauses.forget();
  const startedAtMs = clock.monotonicMs();
  await clock.sleep((seconds + 2) * 1000, undefined, true);
  const removed = perSecond * seconds - replica.denylist.size;
  const elapsedSeconds = (clock.monotonicMs() - startedAtMs) / 1000;
  const longestMs = pauses.longestMs();
  await replica.close();
  await source.close();
  return [
    {
      name: `longest pause while ${perSecond} rules/s end`,
      unit: 'ms',
      value: summarize([longestMs]),
      goal: goals.longestPauseMs,
    },
    { name: 'removed during that', unit: 'rules/s', value: summarize([removed / elapsedSeconds]) },
    { name: 'ended and not removed', unit: 'rules', value: summarize([perSecond * seconds - removed]) },
  ];
}
