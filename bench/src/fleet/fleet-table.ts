import { formatGoal, goals } from '../report/goals.ts';
import { formatNumber, formatSpread } from '../report/numbers.ts';
import type { Summary } from '../report/statistics.ts';
import { table } from '../report/table.ts';
import type { FleetLine } from './bench-fleet.ts';

/** The goals apply to eight processes behind one sidecar and a hundred revocations a second. */
const isGoalLine = ({ processes, depth, rate }: FleetLine) => processes === 8 && depth === 1 && rate === 100;

export function fleetTable(lines: readonly FleetLine[]): string[] {
  const ms = (value: Summary) => `${formatNumber(value.median)} ${formatSpread(value)}`;
  return [
    'fleet: revoke() to applied in every process, in ms, and over the bare hop (XADD to XREAD) in the same run',
    '',
    ...table<FleetLine>(
      [
        { title: 'processes', cell: ({ processes }) => String(processes) },
        { title: 'depth', cell: ({ depth }) => String(depth) },
        { title: 'rate/s', cell: ({ rate }) => String(rate) },
        { title: 'p50', cell: ({ p50Ms }) => ms(p50Ms) },
        { title: 'p99', cell: ({ p99Ms }) => ms(p99Ms) },
        { title: 'bare p50', cell: ({ bareP50Ms }) => ms(bareP50Ms) },
        { title: 'bare p99', cell: ({ bareP99Ms }) => ms(bareP99Ms) },
        { title: 'p50 x', cell: ({ p50Ratio }) => formatNumber(p50Ratio) },
        { title: 'p99 x', cell: ({ p99Ratio }) => formatNumber(p99Ratio) },
        { title: 'us CPU a revocation, process', cell: ({ processCpuUs }) => formatNumber(processCpuUs) },
        { title: 'sidecar', cell: ({ sidecarCpuUs }) => formatNumber(sidecarCpuUs) },
        { title: 'lost', cell: ({ lost }) => String(lost) },
        { title: 'goals', cell: goalsCell, align: 'left' },
      ],
      lines,
    ),
  ];
}

function goalsCell(line: FleetLine): string {
  if (!isGoalLine(line)) return '';
  return [
    `p50 ${formatGoal(goals.fleetP50Ratio, line.p50Ratio)}`,
    `p99 ${formatGoal(goals.fleetP99Ratio, line.p99Ratio)}`,
    `CPU process ${formatGoal(goals.fleetProcessCpuUs, line.processCpuUs)}`,
    `CPU sidecar ${formatGoal(goals.fleetSidecarCpuUs, line.sidecarCpuUs)}`,
  ].join(', ');
}
