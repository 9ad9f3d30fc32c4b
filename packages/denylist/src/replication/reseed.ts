import type { LostRule } from '../log/revocation-log.ts';
import { emptyRule, forgettableAt, mergeRules, type Rule, sameRule, withoutImpossibleLift } from '../rules/rule.ts';
import type { Denylist } from '../table/denylist.ts';
import { ruleAt, slotWords } from '../table/rule-segment.ts';
import { RuleTable } from '../table/rule-table.ts';
import type { RememberedLog } from './log-memory.ts';

/**
 * Appends rules that the log lost. Appending merges, so it cannot undo a lift, and a rule that another process has
 * appended already writes nothing.
 */
export interface Reseed {
  /**
   * @param identity of the log that lost them; undefined when it has none. A relay does not compare it.
   * @returns how many the log lacked.
   * @throws FeedError `refused` when the log refuses some of them, after it was given all the others; `wrong_log` when this
   *      connection leads to another log, which takes none of them.
   */
  append(rules: readonly LostRule[], signal: AbortSignal, identity?: string): Promise<number>;
  /**
   * Those of the rules that the log lacks now, or has in an earlier state; none when the log has another identity. Absent in a
   * relay: the sidecars that follow the log itself compare.
   *
   * @throws FeedError
   */
  readonly lacking?: ((rules: readonly LostRule[], identity: string | undefined) => Promise<LostRule[]>) | undefined;
  /**
   * Ends the restart of the log that has this stamp, and no later one. Absent in a relay: what it follows decides that by
   * itself.
   */
  readonly endRestart?: ((stamp: number) => Promise<void>) | undefined;
  /**
   * Compares the last rule entry that this process remembers with the log. `flag`: states a restart if it is lost.
   * `cover`: this process has written everything back up to that entry; `cover_all`: and holds everything before it too, so
   * it ends the restart that the loss led to.
   */
  readonly recall?: ((memory: RememberedLog, act: RecallAct) => Promise<Recalled>) | undefined;
}

export type RecallAct = 'ask' | 'flag' | 'cover' | 'cover_all';

/** `trimmed`: the log no longer keeps entries of that age, so nothing can be said. */
export type Recalled = 'continues' | 'trimmed' | 'lost' | 'covered' | 'other_epoch';

export interface Lacking {
  /** Undefined while the clocks disagree: then no rule counts as ended. */
  readonly nowSeconds: number | undefined;
  readonly maxTokenLifetimeSeconds: number;
  /** Awaited after every thousand rules, so that a million of them do not delay live changes. */
  readonly turn: () => Promise<void>;
}

/** Another sidecar, whose clock is within the tolerance, may prune a rule that ends so soon: then each would undo the other. */
const leastRemainingSeconds = 120;

/** Whether the log would keep a rule for so long that it is worth appending. */
export function isWorthReseeding(rule: Rule, nowSeconds: number, maxTokenLifetimeSeconds: number): boolean {
  return forgettableAt(rule, maxTokenLifetimeSeconds) > nowSeconds + leastRemainingSeconds;
}

/** Whether merging a rule would change nothing. */
export function isHeldBy(known: Rule, rule: Rule): boolean {
  return sameRule(mergeRules(known, rule), known);
}

/** The contents of one snapshot, to find what it lacks. */
export class SnapshotContents {
  readonly #table = new RuleTable();

  add(rows: Uint32Array): void {
    for (let at = 0; at < rows.length; at += slotWords) {
      this.#table.set(rows.subarray(at, at + 4), withoutImpossibleLift(ruleAt(rows, at)));
    }
  }

  /** The rules of `held` that the snapshot lacked, or had in an earlier state, and that the log would still keep. */
  async lacking(held: Denylist, { nowSeconds, maxTokenLifetimeSeconds, turn }: Lacking): Promise<LostRule[]> {
    const lacking: LostRule[] = [];
    for (const words of held.snapshot().chunks()) {
      for (let at = 0; at < words.length; at += slotWords) {
        const [digest, rule] = [words.slice(at, at + 4), ruleAt(words, at)];
        const known = this.#table.get(digest) ?? emptyRule;
        if (isHeldBy(known, rule)) continue;
        if (nowSeconds !== undefined && !isWorthReseeding(rule, nowSeconds, maxTokenLifetimeSeconds)) continue;
        lacking.push({ digest, rule });
      }
      await turn();
    }
    return lacking;
  }
}
