import type { Costs } from './constants.ts';

export interface Growth {
  readonly revocationsPerDay: number;
  /** Seconds from a revocation to the end of the tokens that its rule covers. */
  readonly lifetimeSeconds: number;
}

export interface Grown {
  /** Number of rules in force in the steady state. */
  readonly rules: number;
  readonly processMb: number;
  readonly snapshotMb: number;
  readonly redisMb: number;
}

/** Rules end only by time, so their number in the steady state is revocations a day times days of retention. */
export function rulesOf({ revocationsPerDay, lifetimeSeconds }: Growth, costs: Costs): Grown {
  const keptSeconds = lifetimeSeconds + costs.ruleMarginSeconds + costs.forgetAfterSeconds;
  const rules = Math.round((revocationsPerDay * keptSeconds) / 86_400);
  const entries = (revocationsPerDay * costs.logRetentionMs) / 86_400_000;
  const ids = (revocationsPerDay * costs.idRetentionMs) / 86_400_000;
  return {
    rules,
    processMb: (rules * costs.ruleBytes) / 1e6,
    snapshotMb: (rules * costs.rowBytes) / 1e6,
    redisMb: (rules * costs.redisRuleBytes + entries * costs.redisEntryBytes + ids * costs.redisIdBytes) / 1e6,
  };
}
