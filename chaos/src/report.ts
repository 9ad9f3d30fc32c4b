import { defaultClockReadingMs, type FaultRun } from './run-fault.ts';
import { reseedAllowanceMs } from './world/world-options.ts';

/** The closing line of the suite. */
export interface Summary {
  /** Different faults played, random runs not counted. */
  readonly faults: number;
  readonly runs: number;
  readonly violations: number;
  /** The longest time between an acknowledgement and an accept after it; what is allowed stands in `bounds` of the report. */
  readonly worstLateAcceptMs: number;
  /** From the end of a fault until a process that it had hurt was fresh again. */
  readonly recovery: { readonly p50Ms: number; readonly p99Ms: number };
}

export function summarize(runs: readonly FaultRun[]): Summary {
  const recoveries = runs.flatMap(({ recoveriesMs }) => recoveriesMs).sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round(recoveries[Math.min(recoveries.length - 1, Math.floor(recoveries.length * share))] ?? 0);
  return {
    faults: new Set(runs.map(({ fault }) => fault).filter((name) => name !== 'random')).size,
    runs: runs.length,
    violations: runs.reduce((sum, { violations }) => sum + violations.length, 0),
    worstLateAcceptMs: Math.round(Math.max(0, ...runs.map(({ worstLateAcceptMs }) => worstLateAcceptMs))),
    recovery: { p50Ms: at(0.5), p99Ms: at(0.99) },
  };
}

/** The summary with what it rests on, for docs/chaos-report.json. */
export function reportOf(
  runs: readonly FaultRun[],
  about: { readonly node: string; readonly seeds: readonly number[]; readonly minutes: number },
) {
  return {
    ...summarize(runs),
    ...about,
    bounds: {
      lateAccept: 'maxStalenessMs of each run; no allowance: a probe counts from before it looked',
      reseedAllowanceMs,
      clockReadingMs: defaultClockReadingMs,
    },
    figures: figuresOf(runs),
    played: runs.map(({ fault, seed, violations, worstLateAcceptMs, recoveriesMs, tookMs }) => ({
      fault,
      seed,
      violations: violations.map(({ checked, what }) => `${checked}: ${what}`),
      worstLateAcceptMs: Math.round(worstLateAcceptMs),
      slowestRecoveryMs: Math.round(Math.max(0, ...recoveriesMs)),
      seconds: Math.round(tookMs / 1000),
    })),
  };
}

/** What was timed, over all runs that timed it. */
export function figuresOf(runs: readonly FaultRun[]) {
  const byName = new Map<string, number[]>();
  for (const { what, ms } of runs.flatMap(({ figures }) => figures))
    byName.set(what, [...(byName.get(what) ?? []), ms]);
  return [...byName].map(([what, times]) => {
    const sorted = times.sort((a, b) => a - b);
    const at = (share: number) =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    return { what, times: sorted.length, leastMs: at(0), p50Ms: at(0.5), mostMs: at(1) };
  });
}
