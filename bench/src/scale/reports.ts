import type { Costs } from './constants.ts';
import type { Fleet, Level } from './fleet.ts';

/** The reports of one process, sidecar or relay of a level. */
export interface Reporting {
  readonly level: Level;
  /** Number of readers directly behind it; 0 for an API process. */
  readonly readers: number;
  /** Number of API processes in its reports. */
  readonly replicas: number;
  /** Reports from all its readers. */
  readonly receivedPerSecond: number;
  /** Reports to its source. */
  readonly sentPerSecond: number;
  readonly readsRedis: boolean;
}

/**
 * The rate of reports of each level, nearest to Redis first.
 *
 * A reader reports once a second and after every change, with one unanswered report at a time. All readers of one server
 * receive a change at the same time, so their reports arrive as a burst. The server forwards the burst in as many
 * reports as it can send, one after another, while it receives the burst.
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
    // A heartbeat advances the position in Redis, and not that in the feed of a sidecar.
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
