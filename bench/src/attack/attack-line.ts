import { ratios, type Summary, summarize } from '../report/statistics.ts';
import type { Attack } from './attack.ts';
import { countOf, type Statuses } from './load/traffic.ts';
import type { Watched } from './watch-sidecar.ts';

/** One run of honest requests beside the traffic of the attacker. */
export interface AttackRun {
  /** Of the honest requests, from their due time. */
  readonly p99Ms: number;
  /** p99 of the delay of the process that sends them. */
  readonly lateP99Ms: number;
  readonly honest: Statuses;
  readonly honestAmount: number;
  /** Answers to the attacker. */
  readonly statuses: Statuses;
  readonly amount: number;
  readonly apiCpuUs: number;
  readonly sidecar: Watched;
}

/** All rounds of one attack. */
export interface AttackLine {
  readonly attack: Pick<Attack, 'name' | 'target' | 'perSecond'>;
  readonly control: readonly AttackRun[];
  readonly attacked: readonly AttackRun[];
}

export interface AttackFigures {
  readonly name: string;
  readonly perSecond: number;
  readonly controlP99Ms: Summary;
  readonly attackP99Ms: Summary;
  /** Of the same round. */
  readonly p99Ratio: Summary;
  /** Honest requests without an answer 200, of all rounds with an attack. */
  readonly notOk: number;
  /** Answers 5xx to the attacker. */
  readonly serverErrors: number;
  readonly sidecarMB: number;
  /** Polls that failed during the attack. */
  readonly readyFailed: number;
  readonly feedFailed: number;
  readonly polls: number;
  /** Microseconds of CPU time a request of both senders; NaN for a part that receives no request of the attacker. */
  readonly apiCpuUs: Pair;
  readonly sidecarCpuUs: Pair;
  readonly answers: Statuses;
}

export interface Pair {
  readonly control: number;
  readonly attack: number;
}

export function figuresOf({ attack, control, attacked }: AttackLine): AttackFigures {
  const p99 = (runs: readonly AttackRun[]) => runs.map((run) => run.p99Ms);
  const total = (runs: readonly AttackRun[], of: (run: AttackRun) => number) =>
    runs.reduce((sum, run) => sum + of(run), 0);
  const pair = (of: (runs: readonly AttackRun[]) => number): Pair => ({ control: of(control), attack: of(attacked) });
  const hitsApi = attack.target === 'api';
  const answers: Record<number, number> = {};
  for (const { statuses } of attacked)
    for (const [status, count] of Object.entries(statuses))
      answers[Number(status)] = (answers[Number(status)] ?? 0) + count;
  return {
    name: attack.name,
    perSecond: attack.perSecond,
    controlP99Ms: summarize(p99(control)),
    attackP99Ms: summarize(p99(attacked)),
    p99Ratio: summarize(ratios(p99(attacked), p99(control))),
    notOk: total(attacked, ({ honest }) => countOf(honest, (status) => status !== 200)),
    serverErrors: countOf(answers, (status) => status >= 500),
    sidecarMB: Math.max(...attacked.map(({ sidecar }) => sidecar.peakBytes)) / 1e6,
    readyFailed: total(attacked, ({ sidecar }) => sidecar.readyFailed),
    feedFailed: total(attacked, ({ sidecar }) => sidecar.feedFailed),
    polls: total(attacked, ({ sidecar }) => sidecar.polls),
    apiCpuUs: pair((runs) => {
      const requests = total(runs, ({ honestAmount, amount }) => honestAmount + (hitsApi ? amount : 0));
      return total(runs, ({ apiCpuUs }) => apiCpuUs) / requests;
    }),
    sidecarCpuUs: pair((runs) =>
      hitsApi ? Number.NaN : total(runs, ({ sidecar }) => sidecar.cpuUs) / total(runs, ({ amount }) => amount),
    ),
    answers,
  };
}
