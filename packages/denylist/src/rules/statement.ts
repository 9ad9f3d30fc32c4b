import {
  cutoffSkewSeconds,
  emptyRule,
  forEver,
  maxCutoffAheadSeconds,
  mergeRules,
  type Rule,
  ruleMarginSeconds,
} from './rule.ts';

/**
 * What a writer asks of the log for one digest. Where it says "now", the log's own clock is meant: a publisher whose
 * clock is 90 s slow would otherwise leave tokens minted in those 90 s alive.
 */
export type Statement =
  /** `longest-token`: now + the longest token lifetime + the margin. Numbers are claim seconds. */
  | { readonly kind: 'deny'; readonly until: number | 'longest-token' }
  /** `now`: the log's now + {@link cutoffSkewSeconds}. */
  | { readonly kind: 'cutoff'; readonly issuedUpTo: number | 'now' }
  /** Ends the denial the log holds (not the cutoff: people log in again). */
  | { readonly kind: 'lift' }
  /** What a sidecar held when the log had lost it. Merged, so it cannot undo a lift. */
  | { readonly kind: 'seed'; readonly rule: Rule };

export interface LogTime {
  readonly nowSeconds: number;
  readonly maxTokenLifetimeSeconds: number;
}

/**
 * The rule after a statement. The Redis script computes the same in Lua; one property test runs both side by side.
 *
 * @returns `'cutoff_in_future'` when `issuedUpTo` is more than 60 s ahead of the log's clock.
 */
export function applyStatement(held: Rule, statement: Statement, time: LogTime): Rule | 'cutoff_in_future' {
  switch (statement.kind) {
    case 'deny': {
      const longest = time.nowSeconds + time.maxTokenLifetimeSeconds + ruleMarginSeconds;
      const deniedUntil = statement.until === 'longest-token' ? Math.min(longest, forEver - 1) : statement.until;
      // Past every lift the log has seen, so that the denial counts whatever the clocks did.
      const denialStamp = Math.min(Math.max(time.nowSeconds, held.denialStamp, held.liftedUpTo + 1), forEver);
      return mergeRules(held, { ...emptyRule, deniedUntil, denialStamp });
    }
    case 'cutoff': {
      const latest = time.nowSeconds + maxCutoffAheadSeconds;
      const issuedUpTo = statement.issuedUpTo === 'now' ? time.nowSeconds + cutoffSkewSeconds : statement.issuedUpTo;
      return issuedUpTo > latest ? 'cutoff_in_future' : mergeRules(held, { ...emptyRule, issuedUpTo });
    }
    case 'lift':
      // The stamp it saw, never "now": a denial that this lift's author could not know of must survive it.
      return mergeRules(held, {
        ...emptyRule,
        liftedUpTo: held.denialStamp === 0 ? time.nowSeconds : held.denialStamp,
      });
    case 'seed':
      return mergeRules(held, statement.rule);
  }
}
