import { bytesOfRows, readRule, rowBytes, viewOf } from '../codec/rows.ts';
import { type Digest, digestFromBytes } from '../rules/digest.ts';
import { emptyRule, forgettableAt, mergeRules, type Rule, sameRule } from '../rules/rule.ts';
import type { Denylist } from '../table/denylist.ts';
import { RuleTable } from '../table/rule-table.ts';

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

export interface Lacking {
  /** Undefined while the clocks disagree: then nothing counts as forgotten. */
  readonly nowSeconds: number | undefined;
  readonly maxTokenLifetimeSeconds: number;
  /** Awaited after every few thousand rules: a million of them must not hold up live changes. */
  readonly turn: () => Promise<void>;
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
   * Rules and lifts that are held now, that the log would still keep, and that the snapshot had lower or not at all.
   */
  async lacking(held: Denylist, { nowSeconds, maxTokenLifetimeSeconds, turn }: Lacking): Promise<HeldRule[]> {
    const lacking: HeldRule[] = [];
    for (const words of held.snapshot().pieces()) {
      const rows = bytesOfRows(words);
      const view = viewOf(rows);
      for (let at = 0; at < rows.byteLength; at += rowBytes) {
        const [digest, rule] = [digestFromBytes(rows, at), readRule(view, at + 16)];
        const known = this.#table.get(digest) ?? emptyRule;
        if (sameRule(mergeRules(known, rule), known)) continue;
        if (nowSeconds !== undefined && forgettableAt(rule, maxTokenLifetimeSeconds) <= nowSeconds) continue;
        lacking.push({ digest, rule });
      }
      await turn();
    }
    return lacking;
  }
}
