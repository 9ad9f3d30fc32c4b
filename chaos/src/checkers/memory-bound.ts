import type { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';

/** I4: memory is bounded; at the bound a process degrades loudly (never fresh) and drops nothing (I1 and I3 see that). */
export function checkMemoryBound(timeline: Timeline): Violation[] {
  const violations = new Map<string, Violation>();
  const report = (who: string, what: string) => violations.set(`${who} ${what}`, { checked: 'I4', what });
  for (const record of timeline.records) {
    if (record.kind !== 'memory') continue;
    const { who, rules, maxRules, rssBytes, maxRssBytes } = record;
    if (rules > maxRules) report(who, `${who} holds ${rules} rules, more than its cap of ${maxRules}`);
    if (record.full && record.fresh) report(who, `${who} calls itself fresh although a rule did not fit`);
    if (rssBytes > maxRssBytes) {
      report(
        who,
        `${who} takes ${Math.round(rssBytes / 2 ** 20)} MiB, more than ${Math.round(maxRssBytes / 2 ** 20)} MiB`,
      );
    }
  }
  return [...violations.values()];
}
