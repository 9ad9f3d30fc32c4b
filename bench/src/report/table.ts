export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Default right. */
  readonly align?: 'left' | 'right';
}

/** The lines of a Markdown table. The columns are padded, so that it is also readable in a terminal. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  // A delimiter cell of Markdown needs three characters.
  const widths = columns.map((_, column) => Math.max(3, ...cells.map((line) => line[column]?.length ?? 0)));
  const pad = (text: string, column: number) => {
    const width = widths[column] ?? 0;
    return columns[column]?.align === 'left' ? text.padEnd(width) : text.padStart(width);
  };
  const rule = columns.map(({ align }, column) => pad(align === 'left' ? '' : ':', column).replaceAll(' ', '-'));
  const [head = [], ...body] = cells.map((line) => line.map(pad));
  return [head, rule, ...body].map((line) => `| ${line.join(' | ')} |`);
}
