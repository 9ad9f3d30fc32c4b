import type { Costs } from './constants.ts';
import { type Fleet, type Level, levelsOf, shareOf } from './fleet.ts';
import { type Reporting, reportingOf } from './reports.ts';

/** The load of one relay, sidecar or process of a level, without faults and without new processes. */
export interface NodeLoad extends Reporting {
  /** Utilization of one core, from 0 to 1. */
  readonly cpu: number;
  readonly outBytesPerSecond: number;
  readonly inBytesPerSecond: number;
  readonly megabytes: number;
}

export interface RedisLoad {
  readonly connections: number;
  /** Utilization of its single thread, from 0 to 1. */
  readonly cpu: number;
  readonly outBytesPerSecond: number;
  readonly inBytesPerSecond: number;
  readonly reportsPerSecond: number;
  readonly readsPerSecond: number;
  /** Size of the hash of readers, which each poll of `enforcedEverywhere` reads. */
  readonly registryBytes: number;
  readonly megabytes: number;
}

export interface SteadyState {
  readonly levels: readonly NodeLoad[];
  readonly redis: RedisLoad;
}

/** The load of one log of the fleet. */
export function steadyState(whole: Fleet, costs: Costs): SteadyState {
  const fleet = shareOf(whole);
  const reporting = reportingOf(levelsOf(fleet, costs), fleet, costs);
  const levels = reporting.map((one, index) => nodeLoad(one, reporting[index + 1], { fleet, costs }));
  return { levels, redis: redisLoad(reporting, { fleet, costs }) };
}

interface Context {
  readonly fleet: Fleet;
  readonly costs: Costs;
}

function nodeLoad(one: Reporting, below: Reporting | undefined, { fleet, costs }: Context): NodeLoad {
  const { readers, replicas, receivedPerSecond, sentPerSecond, readsRedis } = one;
  const changes = fleet.revocationsPerSecond;
  const beats = 1000 / costs.beatMs;
  const pings = 1000 / (2 * costs.lookMs);
  // On the same host a reader can use a proof directly. A reader on another host must request one.
  const questions = below?.level.kind === 'process' && one.level.kind === 'sidecar' ? 0 : beats;
  const perReader = changes * costs.ruleFrameBytes + beats * costs.proofFrameBytes + pings * costs.pingBytes;
  const answers = readers * questions * costs.proofFrameBytes;
  const asked = readers * (pings * costs.pongBytes + questions * costs.questionBytes);
  const upwards = readsRedis ? costs.lineBytes + replicas * costs.lineReplicaBytes : reportBytes(replicas, costs);
  const cpuMs =
    costs.baseCpuMs +
    (beats + changes) * costs.receiveMs +
    readers * (changes + beats + pings + questions) * costs.frameMs +
    receivedPerSecond * (costs.reportMs + ((below?.replicas ?? 1) - 1) * costs.upstreamReplicaMs) +
    (readers === 0 ? 0 : sentPerSecond * (costs.upstreamReportMs + replicas * costs.upstreamReplicaMs));
  return {
    ...one,
    cpu: cpuMs / 1000,
    outBytesPerSecond: readers * perReader + answers + sentPerSecond * upwards,
    inBytesPerSecond: receivedPerSecond * reportBytes(below?.replicas ?? 0, costs) + asked + perReader,
    megabytes: nodeMegabytes(one, fleet.rules, costs),
  };
}

function reportBytes(replicas: number, costs: Costs): number {
  return costs.reportBytes + Math.max(0, replicas - 1) * costs.reportReplicaBytes;
}

/** For an API process, only the rules are counted. */
function nodeMegabytes({ level, readers }: Pick<Reporting, 'level' | 'readers'>, rules: number, costs: Costs): number {
  if (level.kind === 'process') return (rules * costs.ruleBytes) / 1e6;
  return costs.sidecarBaseMb + (rules * costs.firstSyncBytes) / 1e6 + readers * costs.readerMb;
}

/** Open connections: tail and reports; a sidecar also has one for heartbeats and, after its first publication, one more. */
export function connectionsOf({ kind, count }: Level): number {
  return count * (kind === 'process' ? 2 : 4);
}

function redisLoad(reporting: readonly Reporting[], { fleet, costs }: Context): RedisLoad {
  const { revocationsPerSecond: changes, rules, processes } = fleet;
  const [top] = reporting;
  if (top === undefined) throw new Error('expected at least the level of API processes');
  const tails = top.level.count;
  const beats = 1000 / costs.beatMs;
  const readsPerSecond = tails * (beats + changes);
  const reportsPerSecond = tails * top.sentPerSecond;
  // Every sidecar tries to take the lease twice a second.
  const leasesPerSecond = top.level.kind === 'process' ? 0 : tails * beats;
  const cpuMs =
    readsPerSecond * costs.redisCommandMs +
    leasesPerSecond * costs.redisCommandMs +
    reportsPerSecond * (costs.redisCommandMs + top.replicas * costs.redisReplicaMs) +
    changes * costs.redisAppendMs;
  const lineBytes = costs.lineBytes + top.replicas * costs.lineReplicaBytes;
  const entries = (changes * costs.logRetentionMs) / 1000;
  const ids = (changes * costs.idRetentionMs) / 1000;
  return {
    connections: connectionsOf(top.level),
    cpu: cpuMs / 1000,
    outBytesPerSecond: tails * (changes * costs.entryReplyBytes + beats * costs.beatReplyBytes),
    inBytesPerSecond: reportsPerSecond * lineBytes + (readsPerSecond + leasesPerSecond) * 100 + changes * 800,
    reportsPerSecond,
    readsPerSecond,
    registryBytes: tails * 110 + processes * costs.lineReplicaBytes,
    megabytes: (rules * costs.redisRuleBytes + entries * costs.redisEntryBytes + ids * costs.redisIdBytes) / 1e6,
  };
}
