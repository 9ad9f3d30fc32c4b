import { systemClock as clock, openReplica, openSource, systemRandom as random } from '@revocast/denylist/replica';
import { watchPauses } from '../pauses.ts';
import type { Figure } from '../report/figure.ts';
import { goals } from '../report/goals.ts';
import { summarize } from '../report/statistics.ts';
import { randomRows } from '../rules/random-rows.ts';

export interface SweepOptions {
  /** Rules that reach their end every second. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** Ended rules are kept an hour longer (docs/protocol.md). */
const keptSeconds = 3600;

/** A replica whose rules end in step with real time: whether it keeps up with forgetting, and whom it makes wait. */
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
  const forgotten = perSecond * seconds - replica.denylist.size;
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
    { name: 'forgotten meanwhile', unit: 'rules/s', value: summarize([forgotten / elapsedSeconds]) },
    { name: 'ended and still held afterwards', unit: 'rules', value: summarize([perSecond * seconds - forgotten]) },
  ];
}
