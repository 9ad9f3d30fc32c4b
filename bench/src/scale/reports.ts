import type { Costs } from './constants.ts';
import type { Fleet, Level } from './fleet.ts';

/** What one process, sidecar or relay of a level says upwards. */
export interface Reporting {
  readonly level: Level;
  /** Readers directly behind it, 0 for an API process. */
  readonly readers: number;
  /** API processes it speaks for. */
  readonly replicas: number;
  /** Reports it receives from all its readers, a second. */
  readonly receivedPerSecond: number;
  /** Reports it sends, a second. */
  readonly sentPerSecond: number;
  readonly readsRedis: boolean;
}

/**
 * How often each level reports, nearest to Redis first.
 *
 * A reader reports once a second and at every change, with one report under way at a time. All readers of one server
 * hear of a change at the same moment, so their reports come as a burst; the server passes the burst on in as many
 * reports of its own as fit one after the other into the time it takes to receive it.
 */
export function reportingOf(levels: readonly Level[], fleet: Fleet, costs: Costs): Reporting[] {
  const { processes, revocationsPerSecond: changes, roundTripMs } = fleet;
  const result: Reporting[] = [];
  for (let index = levels.length - 1; index >= 0; index--) {
    const level = levels[index];
    if (level === undefined) continue;
    const below = result[0];
    const readsRedis = index === 0;
    const replicas = processes / level.count;
    const readers = below === undefined ? 0 : below.level.count / level.count;
    const cycleMs = costs.reportCycleMs + replicas * costs.reportCycleReplicaMs + roundTripMs;
    // Heartbeats move a position in Redis and not in a sidecar's feed.
    const bursts = Math.max(1000 / costs.reportEveryMs, changes);
    const own = readsRedis ? 1000 / costs.beatMs + changes : changes;
    const receivedPerSecond = readers * (below?.sentPerSecond ?? 0);
    const wanted =
      below === undefined ? Math.max(own, bursts) : own + burstReports({ receivedPerSecond, bursts, cycleMs, costs });
    const sentPerSecond = Math.min(wanted, 1000 / cycleMs);
    result.unshift({ level, readers, replicas, receivedPerSecond, sentPerSecond, readsRedis });
  }
  return result;
}

interface Burst {
  readonly receivedPerSecond: number;
  readonly bursts: number;
  readonly cycleMs: number;
  readonly costs: Costs;
}

function burstReports({ receivedPerSecond, bursts, cycleMs, costs }: Burst): number {
  const received = receivedPerSecond / bursts;
  const burstMs = received * (costs.reportMs + costs.frameMs);
  return bursts * Math.min(received, 1 + burstMs / cycleMs);
}
