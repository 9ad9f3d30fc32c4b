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
  /** `now`: the log's now + {@link cutoffSkewSeconds}. */
  | { readonly kind: 'cutoff'; readonly issuedUpTo: number | 'now' }
  /** Ends the denial that the log holds. A cutoff stays: users log in again. */
  | { readonly kind: 'lift' }
  /** A rule that a sidecar holds and the log has lost. It is merged, so it cannot undo a lift. */
  | { readonly kind: 'seed'; readonly rule: Rule };

/**
 * What an event id stands for: 16 hex digits of value, kind and the number that was stated. A retry states `now` again and
 * means the same, whatever the clocks say by then.
 */
export function fingerprintOf(digest: Digest, statement: Statement): string {
  const stated =
    statement.kind === 'deny' ? statement.until : statement.kind === 'cutoff' ? statement.issuedUpTo : undefined;
  const text = JSON.stringify([digestToHex(digest), statement.kind, stated]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export interface LogTime {
  readonly nowSeconds: number;
  readonly maxTokenLifetimeSeconds: number;
}

export const statementRefusals = ['cutoff_in_future', 'stamp_beyond_bounds'] as const;
export type StatementRefusal = (typeof statementRefusals)[number];

/**
 * The rule after a statement. The Redis script computes the same in Lua; a property test compares both.
 *
 * @returns `'cutoff_in_future'` when `issuedUpTo` is more than 60 s ahead of the log's clock;
 *          `'stamp_beyond_bounds'` for a lift of a denial that no clock can have stated: no lift can end it.
 */
export function applyStatement(
  held: Rule,
  statement: Statement,
  { nowSeconds, maxTokenLifetimeSeconds }: LogTime,
): Rule | StatementRefusal {
  switch (statement.kind) {
    case 'deny': {
      const longest = Math.min(nowSeconds + maxTokenLifetimeSeconds + ruleMarginSeconds, forEver - 1);
      const deniedUntil = statement.until === 'longest-token' ? longest : statement.until;
      // Later than every lift in the log, so that the denial is in force whatever the clocks did.
      const denialStamp = Math.min(Math.max(nowSeconds, held.denialStamp, held.liftedUpTo + 1), forEver);
      return mergeRules(held, { ...emptyRule, deniedUntil, denialStamp });
    }
    case 'cutoff': {
      const issuedUpTo = statement.issuedUpTo === 'now' ? nowSeconds + cutoffSkewSeconds : statement.issuedUpTo;
      if (issuedUpTo > nowSeconds + maxCutoffAheadSeconds) return 'cutoff_in_future';
      return mergeRules(held, { ...emptyRule, issuedUpTo });
    }
    case 'lift':
      // The stamp of the denial it ends, never "now": a denial that another writer states in the same second must stay.
      if (held.denialStamp >= stampCeiling) return 'stamp_beyond_bounds';
      return mergeRules(held, { ...emptyRule, liftedUpTo: held.denialStamp || nowSeconds });
    case 'seed':
      return mergeRules(held, statement.rule);
  }
}
