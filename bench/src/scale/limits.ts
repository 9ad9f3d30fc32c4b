import type { Costs } from './constants.ts';
import { type Fleet, levelsOf, shareOf } from './fleet.ts';
import { type SteadyState, steadyState } from './steady.ts';

/** A limited resource, with the used and the safe amount. */
export interface Limit {
  readonly what: string;
  readonly used: number;
  readonly allowed: number;
  readonly unit: string;
  readonly remedy: string;
}

/** The safe utilization. The rest is for bursts and garbage collection; above it, queues grow. */
const safeShare = 0.6;

/** All limits of a fleet, in descending order of utilization. */
export function limitsOf(fleet: Fleet, costs: Costs, state: SteadyState = steadyState(fleet, costs)): Limit[] {
  const { redis, levels } = state;
  const share = shareOf(fleet);
  const servers = levels.filter(({ readers }) => readers > 0);
  const most = (of: (level: (typeof levels)[number]) => number) => Math.max(0, ...servers.map(of));
  const [top] = levelsOf(share, costs);
  const replicasOfTop = share.processes / (top?.count ?? 1);
  const link = share.linkBytesPerSecond * safeShare;
  const limits: Limit[] = [
    limit(
      'one thread of Redis',
      redis.cpu * 100,
      safeShare * 100,
      '%',
      'relays, so that fewer read Redis; or several logs',
    ),
    limit('connections to Redis', redis.connections, costs.redisConnections, '', 'relays, or a higher maxclients'),
    limit('output of Redis', redis.outBytesPerSecond, link, 'B/s', 'relays'),
    limit(
      'reports into Redis',
      redis.inBytesPerSecond,
      link,
      'B/s',
      'smaller groups behind each reader of Redis; or several logs',
    ),
    limit(
      'replicas behind one reader of Redis',
      replicasOfTop,
      costs.maxReplicasPerReport,
      '',
      'more relays at the top',
    ),
    limit(
      'readers of one sidecar or relay',
      most(({ readers }) => readers),
      costs.maxReplicasPerServer,
      '',
      'a smaller fan-out',
    ),
    limit(
      'core of the busiest relay or sidecar',
      most(({ cpu }) => cpu) * 100,
      safeShare * 100,
      '%',
      'a smaller fan-out; or several logs',
    ),
    limit(
      'output of the busiest relay or sidecar',
      most(({ outBytesPerSecond }) => outBytesPerSecond),
      link,
      'B/s',
      'a smaller fan-out',
    ),
    limit(
      'rules in one denylist',
      share.rules,
      costs.defaultMaxRules,
      '',
      'a higher maxRules, with the memory; or several logs',
    ),
  ];
  return limits.sort((a, b) => b.used / b.allowed - a.used / a.allowed);
}

function limit(what: string, used: number, allowed: number, unit: string, remedy: string): Limit {
  return { what, used, allowed, unit, remedy };
}

export function isWithin({ used, allowed }: Limit): boolean {
  return used <= allowed;
}

/** The rate of revocations at which the first limit is reached; 0 when a limit is exceeded without revocations. */
export function revocationsUntilLimit(fleet: Fleet, costs: Costs): number {
  const fits = (revocationsPerSecond: number) => limitsOf({ ...fleet, revocationsPerSecond }, costs).every(isWithin);
  if (!fits(0)) return 0;
  let low = 0;
  let high = 1;
  while (fits(high) && high < 1e6) {
    low = high;
    high *= 2;
  }
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
