/** The bound of a figure. A missed goal is printed and is not a failure, because figures depend on the machine. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** All goals. The names contain the units. */
export const goals = {
  /** Differences of shares of the bare route, in percentage points; for Node 24 and later. */
  warmPointsOverFloor: { atLeast: -3 },
  warmPointsOverFastJwt: { atLeast: 8 },
  coldPointsOverFastJwt: { atLeast: 0 },
  coldCpuUsOverFastJwt: { atMost: 0 },
  /** Warm throughput with ten million rules, relative to ten thousand rules. */
  manyRulesRatio: { atLeast: 0.97 },
  /** Latency added to the bare route at 60 % of its capacity. */
  addedP50Us: { atMost: 50 },
  addedP99Us: { atMost: 500 },
  /** p99 of tokens with a known kid during a flood of unknown kids, relative to idle. */
  kidFloodRatio: { atMost: 2 },
  /** With a million rules. */
  processFreshMs: { atMost: 300 },
  sidecarReadyMs: { atMost: 2500 },
  longestPauseMs: { atMost: 15 },
  /** Resident memory: without load, a minute after 100,000 revocations, and with a million rules. */
  sidecarIdleMB: { atMost: 70 },
  sidecarAfterBurstMB: { atMost: 120 },
  sidecarManyRulesMB: { atMost: 200 },
  /** From the start of the process to ready, with an empty log. */
  sidecarStartMs: { atMost: 700 },
  /** CPU time in a second without load. */
  sidecarIdleCpuMs: { atMost: 3 },
  /** Relative to the bare hop, with eight processes and 100 revocations a second. */
  fleetP50Ratio: { atMost: 3 },
  fleetP99Ratio: { atMost: 5 },
  /** Microseconds of CPU for each revocation. */
  fleetProcessCpuUs: { atMost: 200 },
  fleetSidecarCpuUs: { atMost: 700 },
  /** Lag at the end of a minute of 10,000 revocations a second, relative to the lag at second 10. */
  sustainedLagRatio: { atMost: 1 },
  /** p99 of honest requests beside an attack, relative to as many good requests of its size. */
  attackP99Ratio: { atMost: 2 },
  /** p99 of requests beside 10,000 watched streams and 1,000 revocations a second, relative to the same without streams. */
  streamsP99Ratio: { atMost: 1.1 },
  streamCpuUs: { atMost: 5 },
  streamBytes: { atMost: 600 },
  /** Honest requests without an answer 200, answers 5xx to the attacker, failed probes. */
  attackFailures: { atMost: 0 },
  /** Largest resident memory of the sidecar during an attack. */
  attackedSidecarMB: { atMost: 200 },
} as const satisfies Record<string, Goal>;

/** @returns `missed` also for NaN, a figure that could not be measured. */
export function judge(goal: Goal, value: number): 'met' | 'missed' {
  const met = 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast;
  return met ? 'met' : 'missed';
}

/** `<= 50: met` */
export function formatGoal(goal: Goal, value: number): string {
  const bound = 'atMost' in goal ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`;
  return `${bound}: ${judge(goal, value)}`;
}
