import { bar } from '../report/bar.ts';
import { formatGoal, goals } from '../report/goals.ts';
import { formatNumber, formatSpread } from '../report/numbers.ts';
import type { Summary } from '../report/statistics.ts';
import { table } from '../report/table.ts';
import type { SizeLine } from './bench-sizes.ts';
import type { ThroughputLine } from './series.ts';

/** One table for each algorithm and temperature. @param node version of Node of the servers. */
export function throughputTables(lines: readonly ThroughputLine[], node: string): string[] {
  const groupOf = ({ algorithm, temperature }: ThroughputLine) => `${algorithm}, ${temperature}`;
  return [...new Set(lines.map(groupOf))].flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    `http: ${group}, Node ${node} (relative to the bare route in the same rounds; CPU time of the server's process)`,
    '',
    ...table<ThroughputLine>(
      [
        { title: 'contender', cell: ({ contender }) => contender, align: 'left' },
        { title: 'requests/s', cell: ({ requestsPerSecond }) => requestsPerSecond.median.toFixed(0) },
        { title: 'spread', cell: ({ requestsPerSecond }) => formatSpread(requestsPerSecond) },
        { title: '% of bare', cell: ({ ofBare }) => formatPercent(ofBare) },
        { title: 'us CPU a request', cell: ({ cpuUs }) => formatNumber(cpuUs.median) },
        { title: 'spread', cell: ({ cpuUs }) => formatSpread(cpuUs) },
        { title: '% of bare, CPU', cell: ({ cpuOfBare }) => formatPercent(cpuOfBare) },
        { title: '', cell: ({ ofBare }) => bar(ofBare.median), align: 'left' },
        { title: 'what it does', cell: ({ about }) => about, align: 'left' },
      ],
      lines.filter((line) => groupOf(line) === group),
    ),
  ]);
}

export function sizeTable(lines: readonly SizeLine[], reference: number): string[] {
  return [
    `sizes: revocast, warm, by number of rules (relative to ${reference} rules in the same rounds)`,
    '',
    ...table<SizeLine>(
      [
        { title: 'rules', cell: ({ rules }) => String(rules) },
        { title: 'requests/s', cell: ({ requestsPerSecond }) => requestsPerSecond.median.toFixed(0) },
        { title: 'spread', cell: ({ requestsPerSecond }) => formatSpread(requestsPerSecond) },
        { title: 'share', cell: ({ ofReference }) => formatNumber(ofReference.median) },
        { title: 'spread', cell: ({ ofReference }) => formatSpread(ofReference) },
        {
          title: 'goal',
          cell: ({ rules, ofReference }) =>
            rules === 10_000_000 ? formatGoal(goals.manyRulesRatio, ofReference.median) : '',
          align: 'left',
        },
      ],
      lines,
    ),
  ];
}

function formatPercent({ median, spread, rounds }: Summary): string {
  const text = `${(median * 100).toFixed(1)} %`;
  return rounds < 2 ? text : `${text} ± ${(spread * 100).toFixed(1)}`;
}
