import type { Costs } from './constants.ts';
import { type Fleet, levelsOf, nameOf, shareOf } from './fleet.ts';
import { formatBytes, formatCount, formatMs, formatShare, table } from './format.ts';
import { rulesOf } from './growth.ts';
import { isWithin, limitsOf, revocationsUntilLimit } from './limits.ts';
import { pickTopology } from './pick.ts';
import { type SteadyState, steadyState } from './steady.ts';
import { type Cold, type StormOptions, simulateStorm } from './storm/storm.ts';

const sizes = [10, 100, 1000, 10_000, 100_000];
const tierCounts = [0, 1, 2, 3];

/** The recommended topology for each size. */
export function pickTable(fleet: Fleet, costs: Costs): string[] {
  const rows = sizes.map((processes) => {
    const picked = pickTopology({ ...fleet, processes }, costs);
    if (picked === undefined) return [formatCount(processes), 'no candidate is within all limits', '', '', '', ''];
    const [nearest] = limitsOf(picked, costs);
    const { redis } = steadyState(picked, costs);
    return [
      formatCount(processes),
      nameOf(picked),
      formatCount(redis.connections),
      formatShare(redis.cpu),
      nearest === undefined
        ? ''
        : `${nearest.what} (${formatShare(nearest.used / nearest.allowed)} of the safe amount)`,
      formatCount(revocationsUntilLimit(picked, costs)),
    ];
  });
  return table(
    ['processes', 'topology', 'connections to each Redis', 'Redis thread', 'nearest limit', 'maximum revocations/s'],
    rows,
  );
}

/** The same load on every topology with one log. */
export function steadyTable(fleet: Fleet, costs: Costs): string[] {
  const topologies: Fleet[] = [
    { ...fleet, bottom: 'none', tiers: 0 },
    ...tierCounts.map((tiers): Fleet => ({ ...fleet, bottom: 'pod', tiers })),
    ...tierCounts.slice(0, 3).map((tiers): Fleet => ({ ...fleet, bottom: 'node', tiers })),
    { ...fleet, bottom: 'none', tiers: 1 },
  ];
  const rows = topologies.map((topology) => {
    const state = steadyState(topology, costs);
    const exceeded = limitsOf(topology, costs, state).filter((limit) => !isWithin(limit));
    return [
      nameOf(topology),
      formatCount(state.redis.connections),
      formatShare(state.redis.cpu),
      formatBytes(state.redis.outBytesPerSecond),
      formatBytes(state.redis.inBytesPerSecond),
      formatShare(busiest(state)),
      exceeded.length === 0 ? 'none' : exceeded.map(({ what }) => what).join('; '),
    ];
  });
  return table(
    ['topology', 'connections', 'Redis thread', 'out/s', 'reports in/s', 'busiest relay or sidecar', 'limits exceeded'],
    rows,
  );
}

function busiest({ levels }: SteadyState): number {
  return Math.max(0, ...levels.filter(({ readers }) => readers > 0).map(({ cpu }) => cpu));
}

/** Cold processes that start at the same time behind one server. */
export function besideOneTable(fleet: Fleet, costs: Costs, options: StormOptions): string[] {
  const counts = [1, 10, 30, 100, 300];
  const rows = [10_000, 100_000, 1_000_000].map((rules) => [
    formatCount(rules),
    ...counts.map((processes) => {
      const alone: Fleet = { ...fleet, rules, processes, tiers: 1, fanOut: processes, bottom: 'none', logs: 1 };
      // The model has at least two relays, so twice the readers gives `processes` behind each.
      const storm = simulateStorm({ ...alone, processes: processes * 2 }, costs, options);
      return formatMs(storm.allFreshMs);
    }),
  ]);
  return table(['rules', ...counts.map((count) => (count === 1 ? '1 reader' : `${formatCount(count)} readers`))], rows);
}

/** A deploy storm of the whole fleet. */
export function stormTable(fleet: Fleet, costs: Costs, options: Omit<StormOptions, 'cold'>): string[] {
  const rows = (['processes', 'everything'] as const).flatMap((cold) =>
    tierCounts.map((tiers) => {
      const storm = simulateStorm({ ...fleet, tiers }, costs, { ...options, cold });
      return [
        cold,
        String(tiers),
        formatMs(storm.halfFreshMs),
        formatMs(storm.allFreshMs),
        formatCount(storm.timeouts),
        formatBytes(storm.snapshotBytes),
        formatBytes(storm.redisOutBytes),
        formatMs(storm.redisBusyMs),
        `${formatCount(storm.servedMb)} MB`,
      ];
    }),
  );
  return table(
    [
      'cold',
      'tiers',
      'half fresh',
      'all fresh',
      'timeouts',
      'snapshots',
      'out of Redis',
      'Redis busy',
      'buffers of one server',
    ],
    rows,
  );
}

/** The load of each level. */
export function levelTable(fleet: Fleet, costs: Costs): string[] {
  const rows = steadyState(fleet, costs).levels.map((node) => [
    node.level.kind,
    formatCount(node.level.count),
    formatCount(node.readers),
    formatShare(node.cpu),
    formatBytes(node.outBytesPerSecond),
    formatBytes(node.inBytesPerSecond),
    `${formatCount(node.sentPerSecond)} × ${formatCount(node.replicas)}`,
    `${formatCount(node.megabytes)} MB`,
  ]);
  return table(
    ['level', 'number', 'readers each', 'core', 'out/s', 'in/s', 'reports/s × replicas in each', 'memory'],
    rows,
  );
}

/** The number of rules in the steady state. */
export function growthTable(costs: Costs): string[] {
  const lifetimes: [string, number][] = [
    ['tokens with an hour left', 3600],
    ['sessions, tokens of 24 h', costs.maxTokenLifetimeSeconds],
  ];
  const rows = [10_000, 1_000_000, 10_000_000, 100_000_000].flatMap((revocationsPerDay) =>
    lifetimes.map(([name, lifetimeSeconds]) => {
      const grown = rulesOf({ revocationsPerDay, lifetimeSeconds }, costs);
      return [
        formatCount(revocationsPerDay),
        name,
        formatCount(grown.rules),
        formatBytes(grown.processMb * 1e6),
        formatBytes(grown.snapshotMb * 1e6),
        formatBytes(grown.redisMb * 1e6),
      ];
    }),
  );
  return table(['revocations a day', 'of', 'rules in force', 'in each process', 'snapshot', 'in Redis'], rows);
}

/** Time until all processes are fresh, by number of tiers; one bar for each simulated storm. */
export function stormPlot(fleet: Fleet, costs: Costs, options: Omit<StormOptions, 'cold'>): string[] {
  const width = 50;
  const bars = (['processes', 'everything'] satisfies Cold[]).flatMap((cold) =>
    tierCounts.map((tiers) => ({
      cold,
      tiers,
      ms: simulateStorm({ ...fleet, tiers }, costs, { ...options, cold }).allFreshMs,
    })),
  );
  const longest = Math.max(1, ...bars.map(({ ms }) => (Number.isFinite(ms) ? ms : 0)));
  return bars.map(({ cold, tiers, ms }) => {
    const bar = Number.isFinite(ms) ? '#'.repeat(Math.max(1, Math.round((ms / longest) * width))) : '>'.repeat(width);
    return `${cold.padEnd(11)} ${tiers} tiers  ${bar} ${formatMs(ms)}`;
  });
}

/** The size of the fleet, as a line above the tables. */
export function assumptions(fleet: Fleet): string {
  const { processes, rules, revocationsPerSecond, linkBytesPerSecond, roundTripMs } = fleet;
  return `${formatCount(processes)} processes, ${formatCount(rules)} rules, ${formatCount(revocationsPerSecond)} revocations/s, links of ${formatBytes(linkBytesPerSecond)}/s, round trips of ${roundTripMs} ms`;
}

/** The levels and their sizes, as a line above the tables. */
export function levelNames(fleet: Fleet, costs: Costs): string {
  return levelsOf(shareOf(fleet), costs)
    .map(({ kind, count }) => `${formatCount(count)} × ${kind}`)
    .join(' → ');
}
