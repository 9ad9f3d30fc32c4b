import type { AttackOptions } from './attack/bench-attack.ts';
import type { ColdStartOptions } from './cold/bench-cold-start.ts';
import { algorithms as allAlgorithms, type Command } from './command-line.ts';
import type { FleetOptions } from './fleet/bench-fleet.ts';
import type { ThroughputSizes } from './http/bench-throughput.ts';
import type { MicroOrder } from './micro/micro-order.ts';
import type { SidecarOptions } from './sidecar/bench-sidecar.ts';
import type { StreamsOptions } from './streams/bench-streams.ts';

/** The sizes of all parts of a run. */
export interface Plan {
  readonly micro: readonly MicroOrder[];
  readonly cold: readonly ColdStartOptions[];
  readonly sidecar: SidecarOptions;
  readonly fleet: readonly FleetOptions[];
  readonly sustained: { readonly rate: number; readonly seconds: number; readonly early: number };
  readonly sizes: {
    readonly sizes: readonly number[];
    readonly reference: number;
    readonly rounds: number;
    readonly amount: number;
    readonly warmUp: number;
  };
  readonly latency: {
    readonly rules: number;
    readonly rounds: number;
    readonly seconds: number;
    readonly amount: number;
    readonly warmUp: number;
  };
  readonly flood: {
    readonly rounds: number;
    readonly kids: number;
    readonly bursts: number;
    readonly perSecond: number;
    readonly warmUp: number;
  };
  readonly attack: Omit<AttackOptions, 'progress'>;
  readonly streams: Omit<StreamsOptions, 'progress'>;
  readonly http: ThroughputSizes;
}

export type PlanOptions = Pick<Command, 'quick' | 'rounds' | 'rules' | 'algorithms' | 'contenders'>;

export function planOf(options: PlanOptions): Plan {
  return options.quick ? quickPlan(options) : fullPlan(options);
}

function fullPlan({ rounds, rules = 1_000_000, algorithms = allAlgorithms, contenders }: PlanOptions): Plan {
  const million = 1_000_000;
  // V8 recompiles Node and Express until request 20,000 (Node 26) or 14,000 (Node 24). Requests cost most shortly before
  // that, and half as much afterwards.
  const warmUp = 25_000;
  return {
    micro: [
      { what: 'codec', passes: 9 },
      { what: 'verify', tokens: 10_000, verifications: 100_000, passes: 9 },
      { what: 'sweep', perSecond: 100_000, seconds: 10 },
      ...[1000, 10_000, 100_000, million, 10 * million].map(
        (size) => ({ what: 'denylist', rules: size, passes: 9 }) as const,
      ),
    ],
    cold: [
      { from: 'redis', rules: 10_000, rounds: rounds ?? 5 },
      { from: 'redis', rules: million, rounds: rounds ?? 5 },
      { from: 'memory', rules: 10 * million, rounds: rounds ?? 3 },
    ],
    sidecar: {
      rounds: rounds ?? 5,
      ...{ settleSeconds: 10, idleSeconds: 20, rules: million },
      burst: { perSecond: 10_000, seconds: 10, settleSeconds: 60 },
    },
    fleet: [
      { processes: 8, depth: 1, rate: 10, seconds: 20 },
      { processes: 8, depth: 1, rate: 100, seconds: 20 },
      { processes: 2, depth: 1, rate: 1000, seconds: 20 },
      { processes: 32, depth: 1, rate: 100, seconds: 10 },
      { processes: 4, depth: 2, rate: 100, seconds: 10 },
      { processes: 4, depth: 3, rate: 100, seconds: 10 },
    ].map((line) => ({ ...line, warmUp: 2000 })),
    sustained: { rate: 10_000, seconds: 60, early: 10 },
    sizes: {
      sizes: [0, 10_000, million, 10 * million],
      reference: 10_000,
      rounds: rounds ?? 7,
      amount: 40_000,
      // After loading ten million rules, a process collects garbage more often for some seconds.
      warmUp: 40_000,
    },
    latency: { rules, rounds: rounds ?? 11, seconds: 10, amount: 20_000, warmUp },
    flood: { rounds: rounds ?? 9, kids: 1000, bursts: 4, perSecond: 1000, warmUp },
    // Longer than `maxStalenessMs`: an attack that delays proofs shows only after that.
    attack: { rounds: rounds ?? 3, seconds: 10, perSecond: 300, warmUp, rules: 100_000 },
    streams: { rounds: rounds ?? 5, seconds: 10, streams: 10_000, revocations: 1000, perSecond: 500, warmUp },
    http: {
      ...{ algorithms, contenders, rules },
      rounds: rounds ?? 5,
      warmUp: { cold: 1500, warm: warmUp },
      rehearsals: { warm: 3, cold: 1 },
      ...{ turns: 4, warmMs: 150, coldAmount: 800 },
    },
  };
}

function quickPlan({ rounds = 1, rules = 10_000, algorithms = ['ES256'], contenders }: PlanOptions): Plan {
  const warmUp = 200;
  return {
    micro: [
      { what: 'codec', passes: 3 },
      { what: 'verify', tokens: 1000, verifications: 10_000, passes: 3 },
      { what: 'sweep', perSecond: 1000, seconds: 2 },
      { what: 'denylist', rules: 10_000, passes: 3 },
    ],
    cold: [
      { from: 'redis', rules: 10_000, rounds },
      { from: 'memory', rules: 10_000, rounds },
    ],
    sidecar: {
      rounds,
      ...{ settleSeconds: 1, idleSeconds: 1, rules: 10_000 },
      burst: { perSecond: 1000, seconds: 1, settleSeconds: 1 },
    },
    fleet: [{ processes: 2, depth: 2, rate: 100, seconds: 2, warmUp: 100 }],
    sustained: { rate: 500, seconds: 3, early: 1 },
    sizes: { sizes: [0, 1000, 10_000], reference: 1000, rounds, amount: 1000, warmUp },
    latency: { rules, rounds, seconds: 1, amount: 1000, warmUp },
    flood: { rounds, kids: 200, bursts: 1, perSecond: 200, warmUp },
    attack: { rounds, seconds: 0.5, perSecond: 100, warmUp, rules: 1000 },
    streams: { rounds, seconds: 1, streams: 500, revocations: 100, perSecond: 100, warmUp },
    http: {
      ...{ algorithms, contenders, rules, rounds },
      warmUp: { cold: warmUp, warm: warmUp },
      rehearsals: { warm: 1, cold: 1 },
      ...{ turns: 2, warmMs: 20, coldAmount: 100 },
    },
  };
}
