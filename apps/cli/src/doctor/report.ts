import Table from 'cli-table3';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Colour, paintFor } from '../paint.ts';
import { printable } from '../printable.ts';
import type { World } from '../world.ts';
import type { Check, CheckStatus } from './check.ts';

const marks: Readonly<Record<CheckStatus, { readonly colour: Colour; readonly text: string }>> = {
  ok: { colour: 'green', text: 'ok' },
  warn: { colour: 'yellow', text: 'warn' },
  fail: { colour: 'red', text: 'FAIL' },
  unknown: { colour: 'dim', text: 'unknown' },
};

/** @param strict warnings and unknown results count as problems. */
export function exitCodeFor(checks: readonly Check[], strict: boolean): ExitCode {
  const failed = checks.filter(({ status }) => status === 'fail');
  // A failing answer is reported before a missing one.
  if (failed.some(({ unreachable }) => unreachable !== true)) return exitCodes.problem;
  if (failed.length > 0) return exitCodes.unreachable;
  return strict && checks.some(({ status }) => status !== 'ok') ? exitCodes.problem : exitCodes.ok;
}

export function countByStatus(checks: readonly Check[]): Record<CheckStatus, number> {
  const counts = { ok: 0, warn: 0, fail: 0, unknown: 0 };
  for (const { status } of checks) counts[status] += 1;
  return counts;
}

/** A table of all checks, then how to fix those that are not ok. */
export function formatReport(checks: readonly Check[], { stdout, environment }: World): string {
  const paint = paintFor(stdout, environment);
  const table = new Table({
    head: ['', 'check', 'found', 'expected'],
    // Empty styles: by default the table adds colours, also when the output is not a terminal.
    style: { head: [], border: [], compact: true },
    chars: borders,
    colWidths: stdout.columns === undefined ? [] : widthsFor(stdout.columns),
    wordWrap: stdout.columns !== undefined,
  });
  for (const { status, name, found, expected } of checks) {
    const { colour, text } = marks[status];
    table.push([paint(colour, text), name, printable(found), printable(expected)]);
  }
  const fixes = checks.flatMap(({ status, name, remedy }) =>
    remedy === undefined
      ? []
      : [`${paint(marks[status].colour, marks[status].text)} ${paint('bold', name)}\n    ${printable(remedy)}`],
  );
  const { ok, warn, fail, unknown } = countByStatus(checks);
  const sum = `${ok} ok, ${warn} warn, ${fail} fail, ${unknown} unknown`;
  return [table.toString(), ...(fixes.length === 0 ? [] : ['', ...fixes]), '', sum, ''].join('\n');
}

/** Spaces instead of lines, so that text can be copied. */
const borders = {
  ...Object.fromEntries(
    ['top', 'bottom', 'left', 'mid', 'right'].flatMap((side) =>
      ['', '-mid', '-left', '-right'].map((corner) => [side + corner, '']),
    ),
  ),
  middle: ' ',
};

function widthsFor(columns: number): number[] {
  const rest = Math.max(40, columns - 9 - 32);
  return [9, 32, Math.floor(rest / 2), Math.floor(rest / 2)];
}
