import { type Costs, costsWith } from './constants.ts';
import type { Fleet } from './fleet.ts';
import { besideOneTable, growthTable, levelTable, pickTable, steadyTable, stormPlot, stormTable } from './tables.ts';

/** The fleet of docs/scale.md, and of `npm run scale` without options. */
export const documentedFleet: Fleet = {
  processes: 10_000,
  bottom: 'pod',
  perNode: 30,
  tiers: 1,
  fanOut: 100,
  rules: 1_000_000,
  revocationsPerSecond: 5,
  logs: 1,
  linkBytesPerSecond: 1.25e9,
  roundTripMs: 0.5,
};

export const documentedStorm = { seed: 1, spreadMs: 10_000 };

/** The generated parts of the page, by the name in their markers. */
export function pageParts(fleet: Fleet, costs: Costs = costsWith(), storm = documentedStorm): Map<string, string[]> {
  const small = { ...fleet, rules: Math.min(fleet.rules, 100_000), fanOut: Math.min(fleet.fanOut, 100) };
  return new Map([
    ['pick', pickTable(fleet, costs)],
    ['steady', steadyTable(fleet, costs)],
    ['levels', levelTable(fleet, costs)],
    ['beside-one', besideOneTable(fleet, costs, { ...storm, spreadMs: 0, cold: 'processes' })],
    ['storm', stormTable(small, costs, storm)],
    ['plot', ['```text', ...stormPlot(small, costs, storm), '```']],
    ['growth', growthTable(costs)],
  ]);
}

/** Replaces every part between `<!-- scale:name -->` and `<!-- /scale -->`. */
export function withParts(page: string, parts: ReadonlyMap<string, readonly string[]>): string {
  return page.replace(/(<!-- scale:([a-z-]+) -->\n)[\s\S]*?(<!-- \/scale -->)/g, (whole, begin, name, end) => {
    const part = parts.get(String(name));
    return part === undefined ? whole : `${begin}\n${part.join('\n')}\n\n${end}`;
  });
}
