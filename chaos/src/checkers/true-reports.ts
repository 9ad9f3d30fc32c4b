import { decodeVerdicts } from '../verdict-letters.ts';
import { mayBeApplied } from './obligations.ts';
import type { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';

/**
 * I5: reported reasons and latencies are true. A denial names a dimension that was revoked. A process that is not fresh
 * reports a cause, and a fresh process never answers "unavailable". A reported latency is the measured one.
 */
export function checkTrueReports(timeline: Timeline): Violation[] {
  const { clockReadingMs } = timeline.run;
  const violations = new Map<string, Violation>();
  const report = (key: string, what: string) => violations.set(key, { checked: 'I5', what });

  for (const probe of timeline.probes) {
    if (!probe.fresh && probe.cause === undefined)
      report(`${probe.who} cause`, `${probe.who} is not fresh and reports no cause`);
    const runs = decodeVerdicts(probe.verdicts, probe.from);
    if (probe.fresh && runs.some(({ letter }) => letter === 'u')) {
      report(`${probe.who} u`, `${probe.who} was unavailable although it was fresh before and after the probe`);
    }
    if (probe.dimensions === undefined) continue;
    const denied = runs
      .filter(({ letter }) => letter === 'r')
      .flatMap(({ from, count }) => Array.from({ length: count }, (_, at) => from + at));
    denied.forEach((token, index) => {
      const named = probe.dimensions?.[index];
      const statements = timeline.statements.get(token) ?? [];
      const said = statements.some(
        (statement) =>
          statement.what === 'revoke' &&
          statement.dimension === named &&
          statement.startedMs <= probe.endMs &&
          mayBeApplied(statement),
      );
      if (!said)
        report(`${probe.who} ${token}`, `${probe.who} denied token ${token} by its ${named}, which was not revoked`);
    });
  }
  for (const record of timeline.records) {
    if (record.kind !== 'applied') continue;
    const { who, token, atMs, reportedMs } = record;
    const statements = timeline.statements.get(token) ?? [];
    const offMs = Math.min(...statements.map(({ startedMs }) => Math.abs(reportedMs - (atMs - startedMs))));
    if (offMs > clockReadingMs) {
      report(
        `${who} ${token} latency`,
        `${who} reports a latency of ${Math.round(reportedMs)} ms for token ${token}, which is wrong by ${Math.round(offMs)} ms`,
      );
    }
  }
  return [...violations.values()];
}
