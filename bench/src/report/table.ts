export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Default right, as numbers are read. */
  readonly align?: 'left' | 'right';
}

/** A table as lines, each column as wide as its widest cell. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map((line) => {
    const padded = line.map((text, column) => {
      const width = widths[column] ?? 0;
      return columns[column]?.align === 'left' ? text.padEnd(width) : text.padStart(width);
    });
    return `  ${padded.join('  ')}`.trimEnd();
  });
}
