import { formatGoal, type Goal } from './goals.ts';
import { formatNumber, formatSpread } from './numbers.ts';
import type { Summary } from './statistics.ts';
import { table } from './table.ts';

/** One measured figure. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: Summary;
  readonly goal?: Goal;
}

export function figureTable(title: string, figures: readonly Figure[]): string[] {
  const lines = table<Figure>(
    [
      { title: 'figure', cell: ({ name }) => name, align: 'left' },
      { title: 'median', cell: ({ value }) => formatNumber(value.median) },
      { title: 'unit', cell: ({ unit }) => unit, align: 'left' },
      { title: 'spread', cell: ({ value }) => formatSpread(value) },
      {
        title: 'goal',
        cell: ({ goal, value }) => (goal === undefined ? '' : formatGoal(goal, value.median)),
        align: 'left',
      },
    ],
    figures,
  );
  return [title, '', ...lines];
}
