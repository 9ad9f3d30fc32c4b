import { bar } from '../report/bar.ts';
import { goals, sayGoal } from '../report/goals.ts';
import { sayNumber, saySpread } from '../report/numbers.ts';
import type { Summary } from '../report/statistics.ts';
import { table } from '../report/table.ts';
import type { SizeLine } from './bench-sizes.ts';
import type { ThroughputLine } from './series.ts';

/** One table for each algorithm and temperature. @param node version of the servers. */
export function throughputTables(lines: readonly ThroughputLine[], node: string): string[] {
  const groupOf = ({ algorithm, temperature }: ThroughputLine) => `${algorithm}, ${temperature}`;
  return [...new Set(lines.map(groupOf))].flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    `http: ${group}, Node ${node} (share of the bare route in the same rounds; CPU of the server's process)`,
    '',
    ...table<ThroughputLine>(
      [
        { title: 'contender', cell: ({ contender }) => contender, align: 'left' },
        { title: 'requests/s', cell: ({ requestsPerSecond }) => requestsPerSecond.median.toFixed(0) },
        { title: 'spread', cell: ({ requestsPerSecond }) => saySpread(requestsPerSecond) },
        { title: '% of bare', cell: ({ ofBare }) => sayPercent(ofBare) },
        { title: 'us CPU a request', cell: ({ cpuUs }) => sayNumber(cpuUs.median) },
        { title: 'spread', cell: ({ cpuUs }) => saySpread(cpuUs) },
        { title: '% of bare, CPU', cell: ({ cpuOfBare }) => sayPercent(cpuOfBare) },
        { title: '', cell: ({ ofBare }) => bar(ofBare.median), align: 'left' },
        { title: 'what it does', cell: ({ about }) => about, align: 'left' },
      ],
      lines.filter((line) => groupOf(line) === group),
    ),
  ]);
}

export function sizeTable(lines: readonly SizeLine[], reference: number): string[] {
  return [
    `sizes: revocast, warm, over the rules it holds (share of ${reference} rules in the same rounds)`,
    '',
    ...table<SizeLine>(
      [
        { title: 'rules', cell: ({ rules }) => String(rules) },
        { title: 'requests/s', cell: ({ requestsPerSecond }) => requestsPerSecond.median.toFixed(0) },
        { title: 'spread', cell: ({ requestsPerSecond }) => saySpread(requestsPerSecond) },
        { title: 'share', cell: ({ ofReference }) => sayNumber(ofReference.median) },
        { title: 'spread', cell: ({ ofReference }) => saySpread(ofReference) },
        {
          title: 'goal',
          cell: ({ rules, ofReference }) =>
            rules === 10_000_000 ? sayGoal(goals.manyRulesRatio, ofReference.median) : '',
          align: 'left',
        },
      ],
      lines,
    ),
  ];
}

function sayPercent({ median, spread, rounds }: Summary): string {
  const text = `${(median * 100).toFixed(1)} %`;
  return rounds < 2 ? text : `${text} ± ${(spread * 100).toFixed(1)}`;
}
