import type { Costs } from './constants.ts';

/** Where the last sidecar before an API process stands. */
export type Bottom = 'pod' | 'node' | 'none';
export const bottoms: readonly Bottom[] = ['pod', 'node', 'none'];

export interface Fleet {
  /** API processes. */
  readonly processes: number;
  readonly bottom: Bottom;
  /** API processes a node; counts only with a sidecar a node. */
  readonly perNode: number;
  /** Relays between Redis and the last sidecars, in a row. */
  readonly tiers: number;
  /** Readers of one relay. */
  readonly fanOut: number;
  /** Rules in force. */
  readonly rules: number;
  readonly revocationsPerSecond: number;
  /** Logs (a Redis each) that the processes, rules and revocations are divided among. */
  readonly logs: number;
  /** Bytes a second of every network link. */
  readonly linkBytesPerSecond: number;
  /** Milliseconds there and back between hosts. */
  readonly roundTripMs: number;
}

export interface Level {
  readonly kind: 'relay' | 'sidecar' | 'process';
  readonly count: number;
}

/** With fewer than two, the loss of one relay is an outage of the whole fleet. */
const fewestRelays = 2;

/** What belongs to one log of several. */
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

/** The levels behind one Redis, nearest first; the last are the API processes. */
export function levelsOf(fleet: Fleet, { maxReplicasPerReport }: Pick<Costs, 'maxReplicasPerReport'>): Level[] {
  const { processes, bottom, perNode, tiers, fanOut } = fleet;
  const levels: Level[] = [{ kind: 'process', count: processes }];
  if (bottom !== 'none') {
    levels.unshift({ kind: 'sidecar', count: bottom === 'pod' ? processes : Math.ceil(processes / perNode) });
  }
  for (let tier = 0; tier < tiers; tier++) {
    const readers = levels[0]?.count ?? 0;
    // A report that speaks for more replicas is refused, so the topmost relays may not be fewer.
    const fewest = Math.max(fewestRelays, Math.ceil(processes / maxReplicasPerReport));
    levels.unshift({ kind: 'relay', count: Math.max(fewest, Math.ceil(readers / fanOut)) });
  }
  return levels;
}

/** In words, for a table. */
export function nameOf({ bottom, perNode, tiers, fanOut, logs }: Fleet): string {
  const place = { pod: 'a sidecar a pod', node: `a sidecar a node of ${perNode}`, none: 'processes without sidecar' };
  const relays = tiers === 0 ? '' : `, ${tiers === 1 ? 'relays' : `${tiers} tiers of relays`} of ${fanOut} readers`;
  return `${place[bottom]}${relays}${logs === 1 ? '' : `, ${logs} logs`}`;
}
