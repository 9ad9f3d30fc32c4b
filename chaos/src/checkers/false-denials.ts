import { decodeVerdicts } from '../verdict-letters.ts';
import { acceptancesOwed, binds, mayBeApplied, type Obligation } from './obligations.ts';
import type { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';

/**
 * I2: no fault causes a denial without a revocation. A token that no applied revocation names is never denied. A fresh
 * process denies a token no longer than the bound after a lift; a stale process may be later. If the run guarantees
 * availability, no process that was fresh answers "unavailable".
 */
export function checkFalseDenials(timeline: Timeline): Violation[] {
  const { boundMs, alwaysAvailable } = timeline.run;
  const violations = new Map<string, Violation>();
  const firstNamed = new Map<number, number>();
  const lifted = new Map<number, Obligation[]>();
  for (const [token, statements] of timeline.statements) {
    const applied = statements.find((statement) => statement.what === 'revoke' && mayBeApplied(statement));
    if (applied !== undefined) firstNamed.set(token, applied.startedMs);
    const owed = acceptancesOwed(timeline, token);
    if (owed.length > 0) lifted.set(token, owed);
  }
  const everFresh = new Set<string>();
  const report = (who: string, token: number, what: string) =>
    violations.set(`${who} ${token}`, { checked: 'I2', what: `${who} ${what}` });

  for (const probe of timeline.probes) {
    const who = `${probe.who} (life ${probe.life}, via ${probe.via})`;
    if (probe.fresh) everFresh.add(who);
    for (const { letter, from, count } of decodeVerdicts(probe.verdicts, probe.from)) {
      if (letter === 'u' && alwaysAvailable && everFresh.has(who)) {
        report(who, from, `was unavailable for token ${from} (${probe.cause ?? 'no cause'}) in a run without outage`);
      }
      if (letter !== 'r' && letter !== 'R') continue;
      for (let token = from; token < from + count; token++) {
        if (!((firstNamed.get(token) ?? Number.POSITIVE_INFINITY) <= probe.endMs)) {
          report(who, token, `denied token ${token}, which was not revoked`);
        }
        if (!probe.fresh) continue;
        for (const obligation of lifted.get(token) ?? []) {
          if (!binds(obligation, probe.startMs, boundMs)) continue;
          const lateMs = Math.round(probe.startMs - obligation.sinceMs);
          report(who, token, `denied token ${token} ${lateMs} ms after its lift was acknowledged`);
        }
      }
    }
  }
  return [...violations.values()];
}
