import type { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';

/** I4: memory is bounded. A process whose table is full is not fresh, and drops no rule (which I1 and I3 check). */
export function checkMemoryBound(timeline: Timeline): Violation[] {
  const violations = new Map<string, Violation>();
  const report = (who: string, what: string) => violations.set(`${who} ${what}`, { checked: 'I4', what });
  for (const record of timeline.records) {
    if (record.kind !== 'memory') continue;
    const { who, rules, maxRules, rssBytes, maxRssBytes } = record;
    if (rules > maxRules) report(who, `${who} holds ${rules} rules, more than maxRules (${maxRules})`);
    if (record.full && record.fresh) report(who, `${who} is fresh although a rule did not fit`);
    if (rssBytes > maxRssBytes) {
      report(
        who,
        `${who} uses ${Math.round(rssBytes / 2 ** 20)} MiB, more than ${Math.round(maxRssBytes / 2 ** 20)} MiB`,
      );
    }
  }
  return [...violations.values()];
}
