import { readRule, rowBytes, viewOf } from './codec/rows.ts';
import type { Denylist } from './denylist.ts';
import { type Digest, digestFromBytes } from './digest.ts';
import { emptyRule, forgettableAt, mergeRules, type Rule, sameRule } from './rule.ts';
import { RuleTable } from './rule-table.ts';

/** A rule that the log should have and may lack. */
export interface HeldRule {
  readonly digest: Digest;
  readonly rule: Rule;
}

/**
 * Gives back to the log what it lost. Appending merges, so it cannot undo a lift, and a rule that somebody else
 * brought back meanwhile writes nothing.
 */
export interface Reseed {
  /** @returns how many the log really lacked. */
  append(rules: readonly HeldRule[], signal: AbortSignal): Promise<number>;
}

/** Notes what one snapshot held, to tell afterwards what it lacked. */
export class SnapshotContents {
  readonly #table = new RuleTable();

  add(rows: Uint8Array): void {
    const view = viewOf(rows);
    for (let at = 0; at + rowBytes <= rows.byteLength; at += rowBytes) {
      this.#table.set(digestFromBytes(rows, at), readRule(view, at + 16));
    }
  }

  /**
   * Rules and lifts that are held, that the log would still keep, and that the snapshot had lower or not at all.
   *
   * @param nowSeconds undefined while the clocks disagree: then nothing counts as forgotten.
   */
  lacking(held: Denylist, nowSeconds: number | undefined, maxTokenLifetimeSeconds: number): HeldRule[] {
    const lacking: HeldRule[] = [];
    for (const [digest, rule] of held.entries()) {
      const known = this.#table.get(digest) ?? emptyRule;
      if (sameRule(mergeRules(known, rule), known)) continue;
      if (nowSeconds !== undefined && forgettableAt(rule, maxTokenLifetimeSeconds) <= nowSeconds) continue;
      lacking.push({ digest: digest.slice(), rule });
    }
    return lacking;
  }
}
