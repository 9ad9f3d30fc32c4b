import Table from 'cli-table3';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Colour, paintFor } from '../paint.ts';
import type { World } from '../world.ts';
import type { Check, CheckStatus } from './check.ts';

const marks: Readonly<Record<CheckStatus, { readonly colour: Colour; readonly text: string }>> = {
  ok: { colour: 'green', text: 'ok' },
  warn: { colour: 'yellow', text: 'warn' },
  fail: { colour: 'red', text: 'FAIL' },
  unknown: { colour: 'dim', text: 'unknown' },
};

/** @param strict whatever is not well counts as a problem. */
export function exitCodeFor(checks: readonly Check[], strict: boolean): ExitCode {
  const failed = checks.filter(({ status }) => status === 'fail');
  // Somebody who answers and is ill tells more than somebody who is silent.
  if (failed.some(({ unreachable }) => unreachable !== true)) return exitCodes.problem;
  if (failed.length > 0) return exitCodes.unreachable;
  return strict && checks.some(({ status }) => status !== 'ok') ? exitCodes.problem : exitCodes.ok;
}

export function countByStatus(checks: readonly Check[]): Record<CheckStatus, number> {
  const counts = { ok: 0, warn: 0, fail: 0, unknown: 0 };
  for (const { status } of checks) counts[status] += 1;
  return counts;
}

/** A table of every check, then what to do about those that are not well. */
export function formatReport(checks: readonly Check[], { stdout, environment }: World): string {
  const paint = paintFor(stdout, environment);
  const table = new Table({
    head: ['', 'check', 'found', 'expected'],
    // The table would colour by itself, on a terminal or not.
    style: { head: [], border: [], compact: true },
    chars: borders,
    ...(stdout.columns === undefined ? {} : { colWidths: widthsFor(stdout.columns), wordWrap: true }),
  });
  for (const { status, name, found, expected } of checks) {
    const { colour, text } = marks[status];
    table.push([paint(colour, text), name, found, expected]);
  }
  const remedies = checks.flatMap(({ status, name, remedy }) =>
    remedy === undefined
      ? []
      : [`${paint(marks[status].colour, marks[status].text)} ${paint('bold', name)}\n    ${remedy}`],
  );
  const { ok, warn, fail, unknown } = countByStatus(checks);
  const sum = `${ok} ok, ${warn} warn, ${fail} fail, ${unknown} unknown`;
  return [table.toString(), ...(remedies.length === 0 ? [] : ['', ...remedies]), '', sum, ''].join('\n');
}

/** Lines between cells get in the way of copying; blanks do. */
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
