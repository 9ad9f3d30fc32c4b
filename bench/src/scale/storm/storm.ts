import { seededRandom } from '@revocast/test-support/seeded-random';
import type { Costs } from '../constants.ts';
import { type Fleet, type Level, levelsOf, shareOf } from '../fleet.ts';
import { pauseMs } from '../pause.ts';
import { serveAtOnce } from './serve-at-once.ts';
import { serveInTurn } from './serve-in-turn.ts';

/** The processes that start cold: API processes with their sidecars, or also all relays. */
export type Cold = 'processes' | 'everything';

export interface StormOptions {
  readonly cold: Cold;
  readonly seed: number;
  /** Period over which the starts are spread. */
  readonly spreadMs: number;
  /** Readers and servers share one host: readers need not request proofs, and there is no network link. */
  readonly isOneHost?: boolean;
  /** Number of cores that all readers of one server share. Default: one core for each reader. */
  readonly readerCores?: number;
}

export interface StormResult {
  /** Time from the first start until half and all of the API processes are fresh. */
  readonly halfFreshMs: number;
  readonly allFreshMs: number;
  readonly snapshotBytes: number;
  /** Number of times that a reader waited for a snapshot longer than the timeout, and requested it again. */
  readonly timeouts: number;
  /** Time of one page while all readers scan. Above the silence limit no scan completes. */
  readonly redisPageMs: number;
  /** Maximum number of snapshots that one relay or sidecar sends at the same time, and the memory they need. */
  readonly servedAtOnce: number;
  readonly servedMb: number;
  /** Number and bytes of the snapshots from Redis, and the CPU time that Redis needs for them. */
  readonly redisSnapshots: number;
  readonly redisOutBytes: number;
  readonly redisBusyMs: number;
}

/** Simulates a deploy storm behind one log. */
export function simulateStorm(whole: Fleet, costs: Costs, options: StormOptions): StormResult {
  const fleet = shareOf(whole);
  const levels = levelsOf(fleet, costs);
  const random = seededRandom(options.seed);
  const context = { fleet, costs, random, options };
  let servers: Ready = { atMs: [0], isRedis: true };
  let readers: readonly number[] = [];
  let servedAtOnce = 0;
  let timeouts = 0;
  let snapshots = 0;
  let redisSnapshots = 0;
  levels.forEach((level, index) => {
    if (level.kind === 'relay' && options.cold === 'processes') {
      servers = { atMs: new Array<number>(level.count).fill(0), isRedis: false };
      return;
    }
    const above = levels[index - 1];
    // An API process and its own sidecar start together and share a host.
    const isLocal = options.isOneHost === true || (level.kind === 'process' && above?.kind === 'sidecar');
    const stage = runStage(level, servers, { ...context, isLocal });
    if (servers.isRedis) redisSnapshots = level.count;
    else servedAtOnce = Math.max(servedAtOnce, stage.servedAtOnce);
    snapshots += servers.isRedis ? 0 : level.count;
    timeouts += stage.timeouts;
    readers = stage.freshAtMs;
    servers = { atMs: stage.freshAtMs, isRedis: false };
  });
  const sorted = [...readers].sort((a, b) => a - b);
  const snapshotBytes = costs.snapshotHeaderBytes + 4 + fleet.rules * costs.rowBytes;
  return {
    halfFreshMs: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0,
    allFreshMs: sorted.at(-1) ?? 0,
    snapshotBytes: snapshots * snapshotBytes,
    timeouts,
    redisPageMs: redisSnapshots * Math.min(fleet.rules, costs.snapshotPageRules) * costs.scanRuleMs,
    servedAtOnce,
    servedMb: servedAtOnce * costs.servedReaderMb,
    redisSnapshots,
    redisOutBytes: redisSnapshots * fleet.rules * costs.scanRuleBytes,
    redisBusyMs: redisSnapshots * (fleet.rules * costs.scanRuleMs) + joinMs(redisSnapshots, levels, { fleet, costs }),
  };
}

interface Ready {
  readonly atMs: readonly number[];
  readonly isRedis: boolean;
}

interface Stage {
  readonly fleet: Fleet;
  readonly costs: Costs;
  readonly random: () => number;
  readonly options: StormOptions;
  readonly isLocal: boolean;
}

/** For every new reader, Redis reads the lines of all earlier readers. */
function joinMs(joining: number, levels: readonly Level[], { fleet, costs }: Pick<Stage, 'fleet' | 'costs'>): number {
  const tops = levels[0]?.count ?? 0;
  const known = tops - joining + joining / 2;
  const replicasOfOne = fleet.processes / Math.max(1, tops);
  return joining * known * (costs.redisJoinLineMs + replicasOfOne * costs.redisJoinReplicaMs);
}

interface StageResult {
  readonly freshAtMs: readonly number[];
  /** Maximum over the servers. */
  readonly servedAtOnce: number;
  readonly timeouts: number;
}

function runStage(level: Level, servers: Ready, stage: Stage): StageResult {
  const { options, random, costs } = stage;
  const startMs = level.kind === 'process' ? 0 : costs.startMs;
  const arrivals: number[][] = servers.atMs.map(() => []);
  for (let index = 0; index < level.count; index++) {
    const server = index % servers.atMs.length;
    const startedAtMs = random() * options.spreadMs + startMs;
    arrivals[server]?.push(firstAnswered(startedAtMs, servers.atMs[server] ?? 0, random));
  }
  const freshAtMs: number[] = [];
  let servedAtOnce = 0;
  let timeouts = 0;
  for (const ofServer of arrivals) {
    ofServer.sort((a, b) => a - b);
    const served = servers.isRedis ? fromRedis(ofServer, level, stage) : fromSidecar(ofServer, stage);
    servedAtOnce = Math.max(servedAtOnce, served.servedAtOnce);
    timeouts += served.timeouts;
    for (const atMs of served.freshAtMs) freshAtMs.push(atMs);
  }
  return { freshAtMs, servedAtOnce, timeouts };
}

/** A storm that has not ended ten minutes after its server was ready counts as endless. */
const horizonMs = 600_000;

/** Earlier attempts are not simulated: after this time the pauses have their maximum length. */
const longAgoMs = 30_000;

/** A server that is not ready answers 503, and its reader tries again after a pause. */
function firstAnswered(startedAtMs: number, readyAtMs: number, random: () => number): number {
  if (!Number.isFinite(readyAtMs)) return readyAtMs;
  let at = Math.max(startedAtMs, readyAtMs - longAgoMs);
  for (let failures = at > startedAtMs ? 5 : 0; at < readyAtMs; failures++) at += pauseMs(failures, random);
  return at;
}

/** HSCAN by pages: Redis has one thread and one link, and each reader receives a page before it requests the next. */
function fromRedis(arrivals: readonly number[], level: Level, { fleet, costs, random }: Stage): StageResult {
  const { rules, linkBytesPerSecond, roundTripMs, processes } = fleet;
  const perReplica = costs.redisJoinReplicaMs * (processes / level.count);
  const joiningMs = (arrivals.length / 2) * (costs.redisJoinLineMs + perReplica);
  const scanMs = rules * costs.scanRuleMs;
  const linkMs = (rules * costs.scanRuleBytes * 1000) / linkBytesPerSecond;
  const { doneAtMs } = serveAtOnce(arrivals, { workMs: Math.max(scanMs, linkMs) + joiningMs, width: 1 });
  const pages = Math.ceil(rules / costs.snapshotPageRules);
  const pageMs = Math.min(rules, costs.snapshotPageRules) * costs.scanRuleMs;
  // A reader does not wait longer for a page, and starts again.
  if (arrivals.length * pageMs > costs.silenceMs) {
    return { freshAtMs: arrivals.map(() => Number.POSITIVE_INFINITY), servedAtOnce: 0, timeouts: arrivals.length };
  }
  const aloneMs = scanMs + rules * costs.firstSyncRuleMs + pages * roundTripMs + costs.joinMs;
  // After the scan, the next heartbeat proves freshness.
  const freshAtMs = doneAtMs.map(
    (doneMs, index) => Math.max(doneMs, (arrivals[index] ?? 0) + aloneMs) + random() * costs.beatMs + roundTripMs,
  );
  return { freshAtMs, servedAtOnce: 0, timeouts: 0 };
}

function fromSidecar(all: readonly number[], { fleet, costs, random, options, isLocal }: Stage): StageResult {
  const arrivals = all.filter((atMs) => Number.isFinite(atMs));
  const unreached = all.slice(arrivals.length);
  const { rules, linkBytesPerSecond, roundTripMs } = fleet;
  const workMs = rules * costs.serveRuleMs + costs.reportMs;
  const linkMs = isLocal ? 0 : (rules * costs.rowBytes * 1000) / linkBytesPerSecond;
  // A link that is faster than encoding carries one snapshot after another. A slower link is shared by all snapshots.
  const isLinkBound = linkMs > workMs;
  const shared = isLinkBound ? serveAtOnce(arrivals, { workMs: linkMs, width: 1 }) : undefined;
  const inTurn = {
    workMs,
    patienceMs: costs.snapshotPatienceMs,
    wasteMs: costs.goneReaderMs,
    random,
    horizonMs: (arrivals[0] ?? 0) + horizonMs,
  };
  const served = shared === undefined ? serveInTurn(arrivals, inTurn) : { doneAtMs: shared.doneAtMs, timeouts: 0 };
  const servedAtOnce = shared?.mostAtOnce ?? arrivals.length;
  const takeMs = rules * costs.takeRuleMs + costs.joinMs;
  const width = options.readerCores ?? Math.max(1, arrivals.length);
  const ended = served.doneAtMs.filter((atMs) => Number.isFinite(atMs));
  const never = served.doneAtMs.slice(ended.length);
  const taken = serveAtOnce(ended, { workMs: takeMs, width });
  // A reader on another host requests a proof when it receives the first heartbeat.
  const freshAtMs = taken.doneAtMs.map((atMs) => (isLocal ? atMs : atMs + random() * costs.beatMs + 2 * roundTripMs));
  return { freshAtMs: [...freshAtMs, ...never, ...unreached], servedAtOnce, timeouts: served.timeouts };
}
