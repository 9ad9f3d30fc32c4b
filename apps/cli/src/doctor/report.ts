import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Colour, type Paint, paintFor } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { wrap } from '../output/wrap.ts';
import type { World } from '../world.ts';
import type { Check, CheckStatus } from './check.ts';

/** In the order in which the report shows them: what must be fixed first. */
const marks: Readonly<Record<CheckStatus, { readonly colour: Colour; readonly text: string }>> = {
  fail: { colour: 'red', text: 'FAIL' },
  warn: { colour: 'yellow', text: 'warn' },
  unknown: { colour: 'dim', text: 'unknown' },
  ok: { colour: 'green', text: 'ok' },
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

/** Failures first, each with what was found, what was expected and how to fix it; at the end one line for each good check. */
export function formatReport(checks: readonly Check[], { stdout, environment }: World): string {
  const paint = paintFor(stdout, environment);
  const inOrder = [...checks].sort((one, other) => rank(one) - rank(other));
  const blocks = inOrder.map((check) => describeCheck(check, stdout.columns, paint));
  const { ok, warn, fail, unknown } = countByStatus(checks);
  return [...blocks, '', `${ok} ok, ${warn} warn, ${fail} fail, ${unknown} unknown`, ''].join('\n');
}

function rank({ status }: Check): number {
  return Object.keys(marks).indexOf(status);
}

const markWidth = 8;
const labelWidth = 10;

function describeCheck(check: Check, columns: number | undefined, paint: Paint): string {
  const { status, name, found, expected, remedy } = check;
  const { colour, text } = marks[status];
  const indent = ' '.repeat(markWidth);
  const fields = (...pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([label, value]) => {
      const lines = wrap(printable(value), columns === undefined ? undefined : columns - markWidth - labelWidth);
      return `${indent}${label.padEnd(labelWidth)}${lines.join(`\n${indent}${' '.repeat(labelWidth)}`)}`;
    });
  const mark = paint(colour, text.padEnd(markWidth));
  if (status === 'ok') {
    const lines = wrap(`${name}: ${printable(found)}`, columns === undefined ? undefined : columns - markWidth);
    return `${mark}${lines.join(`\n${indent}`)}`;
  }
  const shown = fields(
    ['found', found],
    ['expected', expected],
    ...(remedy === undefined ? [] : [['fix', remedy] as const]),
  );
  return [`${mark}${paint('bold', name)}`, ...shown].join('\n');
}
