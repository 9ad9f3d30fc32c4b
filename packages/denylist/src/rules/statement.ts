import { createHash } from 'node:crypto';
import { type Digest, digestToHex } from './digest.ts';
import {
  cutoffSkewSeconds,
  emptyRule,
  forEver,
  maxCutoffAheadSeconds,
  mergeRules,
  type Rule,
  ruleMarginSeconds,
  stampCeiling,
} from './rule.ts';

/**
 * What a writer states about one digest. "Now" is the time of the log: with the clock of a publisher that is 90 s slow,
 * a cutoff would miss the tokens issued in those 90 s.
 */
export type Statement =
  /** `longest-token`: now + the longest token lifetime + the margin. Numbers are claim seconds. */
  | { readonly kind: 'deny'; readonly until: number | 'longest-token' }
  /**
   * `now`: the log's now + its skew. `clock: 'issuer'`: the number is the issuer's own now, so a retry states
   * another one and means the same.
   */
  | { readonly kind: 'cutoff'; readonly issuedUpTo: number | 'now'; readonly clock?: 'issuer' }
  /** Ends the denial that the log holds. A cutoff stays: users log in again. */
  | { readonly kind: 'lift' }
  /** A rule that a sidecar holds and the log has lost. It is merged, so it cannot undo a lift. */
  | { readonly kind: 'seed'; readonly rule: Rule };

/**
 * What an event id stands for: 16 hex digits of value, kind and the number that was stated. A retry states `now` again and
 * means the same, whatever the clocks say by then.
 */
export function fingerprintOf(digest: Digest, statement: Statement): string {
  const text = JSON.stringify([digestToHex(digest), statement.kind, statedNumber(statement)]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function statedNumber(statement: Statement): number | string | undefined {
  if (statement.kind === 'deny') return statement.until;
  if (statement.kind !== 'cutoff') return undefined;
  return statement.clock === 'issuer' ? 'now-issuer' : statement.issuedUpTo;
}

/** The time by which a log judges a statement, in seconds. */
export type LogTime = {
  readonly maxTokenLifetimeSeconds: number;
  /** Default: that of a new log. */
  readonly cutoffSkewSeconds?: number;
} & (
  | { readonly nowSeconds: number }
  /** No two of the clocks of log, writer and lease holder agree. */
  | { readonly nowSeconds: undefined; readonly earliestSeconds: number; readonly latestSeconds: number }
);

export const statementRefusals = ['cutoff_in_future', 'stamp_beyond_bounds', 'clock_disagreement'] as const;
export type StatementRefusal = (typeof statementRefusals)[number];

/**
 * The rule after a statement. The Redis script computes the same in Lua; a property test compares both.
 *
 * While the clocks disagree, a denial is stamped by the latest one and a lift of nothing by the earliest one: in doubt a
 * value is denied.
 *
 * @returns `'cutoff_in_future'` when `issuedUpTo` is more than 60 s ahead of the agreed time;
 *          `'stamp_beyond_bounds'` for a lift of a denial that no clock can have stated: no lift can end it;
 *          `'clock_disagreement'` when the rule depends on the time, and no time is agreed.
 */
export function applyStatement(held: Rule, statement: Statement, time: LogTime): Rule | StatementRefusal {
  const { nowSeconds, maxTokenLifetimeSeconds, cutoffSkewSeconds: skewSeconds = cutoffSkewSeconds } = time;
  const [earliest, latest] = rangeOf(time);
  switch (statement.kind) {
    case 'deny': {
      if (statement.until === 'longest-token' && nowSeconds === undefined) return 'clock_disagreement';
      const longest = Math.min(latest + maxTokenLifetimeSeconds + ruleMarginSeconds, forEver - 1);
      const deniedUntil = statement.until === 'longest-token' ? longest : statement.until;
      // Later than every lift in the log, so that the denial is in force whatever the clocks did.
      const denialStamp = Math.min(Math.max(latest, held.denialStamp, held.liftedUpTo + 1), forEver);
      return mergeRules(held, { ...emptyRule, deniedUntil, denialStamp });
    }
    case 'cutoff': {
      if (statement.issuedUpTo === 'now' && nowSeconds === undefined) return 'clock_disagreement';
      const issuedUpTo = statement.issuedUpTo === 'now' ? latest + skewSeconds : statement.issuedUpTo;
      // A cutoff that even the earliest clock permits does not depend on the time.
      if (issuedUpTo > earliest + maxCutoffAheadSeconds) {
        return nowSeconds === undefined ? 'clock_disagreement' : 'cutoff_in_future';
      }
      return mergeRules(held, { ...emptyRule, issuedUpTo });
    }
    case 'lift':
      // The stamp of the denial it ends, never "now": a denial that another writer states in the same second must stay.
      if (held.denialStamp >= stampCeiling) return 'stamp_beyond_bounds';
      return mergeRules(held, { ...emptyRule, liftedUpTo: held.denialStamp || earliest });
    case 'seed':
      return mergeRules(held, statement.rule);
  }
}

/** The seconds between which the time lies: one second when it is agreed. */
function rangeOf(time: LogTime): [earliest: number, latest: number] {
  if (time.nowSeconds === undefined) return [time.earliestSeconds, time.latestSeconds];
  return [time.nowSeconds, time.nowSeconds];
}
