import type { FigureRecord, HistoryRecord } from '../history.ts';
import { checkFalseDenials } from './false-denials.ts';
import { checkLateAccepts } from './late-accepts.ts';
import { checkLostRevocations } from './lost-revocations.ts';
import { checkMemoryBound } from './memory-bound.ts';
import { checkRecovery } from './recovery.ts';
import { readTimeline } from './timeline.ts';
import { checkTrueReports } from './true-reports.ts';
import type { Violation } from './violation.ts';

export interface Judgement {
  readonly violations: readonly Violation[];
  readonly worstLateAcceptMs: number;
  readonly recoveriesMs: readonly number[];
  readonly recoveriesAfterLossMs: readonly number[];
  readonly figures: readonly Pick<FigureRecord, 'what' | 'ms'>[];
}

/** Runs all checkers on the history of one run. */
export function judge(records: readonly HistoryRecord[]): Judgement {
  const timeline = readTimeline(records);
  const lateAccepts = checkLateAccepts(timeline);
  const recovery = checkRecovery(timeline);
  const expectations = records.flatMap((record): Violation[] =>
    record.kind === 'expectation' && !record.held
      ? [
          {
            checked: 'expectation',
            what: `${record.what}${record.found === undefined ? '' : `; found ${record.found}`}`,
          },
        ]
      : [],
  );
  return {
    violations: [
      ...lateAccepts.violations,
      ...checkFalseDenials(timeline),
      ...checkLostRevocations(timeline),
      ...checkMemoryBound(timeline),
      ...checkTrueReports(timeline),
      ...recovery.violations,
      ...expectations,
    ],
    worstLateAcceptMs: lateAccepts.worstMs,
    recoveriesMs: recovery.samplesMs,
    recoveriesAfterLossMs: recovery.samplesAfterLossMs,
    figures: records.filter((record) => record.kind === 'figure').map(({ what, ms }) => ({ what, ms })),
  };
}
