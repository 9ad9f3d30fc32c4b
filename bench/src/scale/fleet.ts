import type { Costs } from './constants.ts';

/** Where the sidecar of an API process runs. */
export type Bottom = 'pod' | 'node' | 'none';
export const bottoms: readonly Bottom[] = ['pod', 'node', 'none'];

export interface Fleet {
  /** Number of API processes. */
  readonly processes: number;
  readonly bottom: Bottom;
  /** API processes on one node; used only with `bottom: 'node'`. */
  readonly perNode: number;
  /** Number of relays in a chain between Redis and the sidecars. */
  readonly tiers: number;
  /** Number of readers of one relay. */
  readonly fanOut: number;
  /** Number of rules in force. */
  readonly rules: number;
  readonly revocationsPerSecond: number;
  /** Number of logs (one Redis each). Processes, rules and revocations are divided among them. */
  readonly logs: number;
  /** Bandwidth of every network link. */
  readonly linkBytesPerSecond: number;
  /** Round-trip time between hosts. */
  readonly roundTripMs: number;
}

export interface Level {
  readonly kind: 'relay' | 'sidecar' | 'process';
  readonly count: number;
}

/** With one relay, its loss would be an outage of the whole fleet. */
const fewestRelays = 2;

/** The part of the fleet behind one log. */
export function shareOf(fleet: Fleet): Fleet {
  const { logs, processes, rules, revocationsPerSecond } = fleet;
  return {
    ...fleet,
    logs: 1,
    processes: Math.ceil(processes / logs),
    rules: Math.ceil(rules / logs),
    revocationsPerSecond: revocationsPerSecond / logs,
  };
}

/** The levels behind one Redis, the nearest first and the API processes last. */
export function levelsOf(fleet: Fleet, { maxReplicasPerReport }: Pick<Costs, 'maxReplicasPerReport'>): Level[] {
  const { processes, bottom, perNode, tiers, fanOut } = fleet;
  const levels: Level[] = [{ kind: 'process', count: processes }];
  if (bottom !== 'none') {
    levels.unshift({ kind: 'sidecar', count: bottom === 'pod' ? processes : Math.ceil(processes / perNode) });
  }
  for (let tier = 0; tier < tiers; tier++) {
    const readers = levels[0]?.count ?? 0;
    // A report about more replicas is rejected, which gives a minimum number of relays at the top.
    const fewest = Math.max(fewestRelays, Math.ceil(processes / maxReplicasPerReport));
    levels.unshift({ kind: 'relay', count: Math.max(fewest, Math.ceil(readers / fanOut)) });
  }
  return levels;
}

/** The name of the topology, for a table. */
export function nameOf({ bottom, perNode, tiers, fanOut, logs }: Fleet): string {
  const place = { pod: 'a sidecar a pod', node: `a sidecar a node of ${perNode}`, none: 'processes without sidecar' };
  const relays = tiers === 0 ? '' : `, ${tiers === 1 ? 'relays' : `${tiers} tiers of relays`} of ${fanOut} readers`;
  return `${place[bottom]}${relays}${logs === 1 ? '' : `, ${logs} logs`}`;
}
