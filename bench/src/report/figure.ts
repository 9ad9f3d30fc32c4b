import { type Goal, sayGoal } from './goals.ts';
import { sayNumber, saySpread } from './numbers.ts';
import type { Summary } from './statistics.ts';
import { table } from './table.ts';

/** One line of a part that has nothing to plot. */
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
      { title: 'median', cell: ({ value }) => sayNumber(value.median) },
      { title: 'unit', cell: ({ unit }) => unit, align: 'left' },
      { title: 'spread', cell: ({ value }) => saySpread(value) },
      {
        title: 'goal',
        cell: ({ goal, value }) => (goal === undefined ? '' : sayGoal(goal, value.median)),
        align: 'left',
      },
    ],
    figures,
  );
  return [title, '', ...lines];
}
