import type { NotRun } from './not-run.ts';
import { defaultClockReadingMs, type FaultRun } from './run-fault.ts';
import { reseedAllowanceMs } from './world/world-options.ts';

/** The last line that the suite prints. */
export interface Summary {
  /** Number of different faults, without random runs. */
  readonly faults: number;
  readonly runs: number;
  /** Number of faults that this machine cannot cause. */
  readonly notRun: number;
  readonly violations: number;
  /** The longest time from an acknowledgement to a later accept. The limit is in `bounds` of the report. */
  readonly worstLateAcceptMs: number;
  /** Time from the end of a fault until a process that it made stale was fresh again. */
  readonly recovery: RecoveryTimes;
  /** The same for faults in which the log lost data. A log that began empty makes new processes wait for 15 s. */
  readonly recoveryAfterLoss: RecoveryTimes;
}

interface RecoveryTimes {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function summarize(runs: readonly FaultRun[], notRun: readonly NotRun[]): Summary {
  return {
    faults: new Set(runs.map(({ fault }) => fault).filter((name) => name !== 'random')).size,
    runs: runs.length,
    notRun: notRun.length,
    violations: runs.reduce((sum, { violations }) => sum + violations.length, 0),
    worstLateAcceptMs: Math.round(Math.max(0, ...runs.map(({ worstLateAcceptMs }) => worstLateAcceptMs))),
    recovery: recoveryTimes(runs.flatMap(({ recoveriesMs }) => recoveriesMs)),
    recoveryAfterLoss: recoveryTimes(runs.flatMap(({ recoveriesAfterLossMs }) => recoveriesAfterLossMs)),
  };
}

function recoveryTimes(samplesMs: readonly number[]): RecoveryTimes {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

/** The summary and the results of all runs, for docs/chaos-report.json. */
export function reportOf(
  { runs, notRun }: { readonly runs: readonly FaultRun[]; readonly notRun: readonly NotRun[] },
  about: { readonly node: string; readonly seeds: readonly number[]; readonly minutes: number },
) {
  return {
    ...summarize(runs, notRun),
    ...about,
    notRun,
    bounds: {
      lateAccept: 'maxStalenessMs of each run; no tolerance, because the time of a probe is read before its checks',
      reseedAllowanceMs,
      clockReadingMs: defaultClockReadingMs,
    },
    figures: figuresOf(runs),
    played: runs.map(({ fault, seed, violations, worstLateAcceptMs, recoveriesMs, recoveriesAfterLossMs, tookMs }) => ({
      fault,
      seed,
      violations: violations.map(({ checked, what }) => `${checked}: ${what}`),
      worstLateAcceptMs: Math.round(worstLateAcceptMs),
      slowestRecoveryMs: Math.round(Math.max(0, ...recoveriesMs, ...recoveriesAfterLossMs)),
      seconds: Math.round(tookMs / 1000),
    })),
  };
}

/** The distribution of each recorded duration over all runs. */
export function figuresOf(runs: readonly FaultRun[]) {
  const byName = new Map<string, number[]>();
  for (const { what, ms } of runs.flatMap(({ figures }) => figures))
    byName.set(what, [...(byName.get(what) ?? []), ms]);
  return [...byName].map(([what, times]) => {
    const sorted = times.sort((a, b) => a - b);
    const at = (share: number) => quantile(sorted, share);
    return { what, times: sorted.length, leastMs: at(0), p50Ms: at(0.5), mostMs: at(1) };
  });
}

/** Rounded; 0 for an empty list. */
function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
