import type { TableSnapshot } from '../codec/rows.ts';
import type { LostRule } from '../log/revocation-log.ts';
import { type Digest, type DigestSet, sameDigest } from '../rules/digest.ts';
import type { Change } from '../rules/event.ts';
import { restartDigest } from '../rules/log-restart.ts';
import type { Dimension } from '../rules/revocation.ts';
import { emptyRule, mergeRules, mergeTakingLift, type Rule, sameRule, withoutImpossibleLift } from '../rules/rule.ts';
import { ruleAt, slotWords } from './rule-segment.ts';
import { RuleTable } from './rule-table.ts';

export const defaultMaxRules = 4_000_000;

export interface DenylistOptions {
  /** Maximum number of rules, 1–100,000,000, default 4,000,000 (about 160 MB). */
  readonly maxRules?: number;
}

export type MergeResult = 'changed' | 'unchanged' | 'full';

/** The rules in memory. A rule is removed only by {@link forget}, after its end. */
export class Denylist {
  readonly maxRules: number;
  readonly #table = new RuleTable();
  readonly #listeners = new Set<(change: Change) => void>();
  #nextSlice = 0;
  /** Increases when a rule is added or changed, not when one is removed: a removal denies no token. */
  #version = 0;
  #full = false;
  #revived = 0;
  #restart: Rule | undefined;
  /** The version for which `#restart` is valid. */
  #restartVersion = 0;

  constructor({ maxRules = defaultMaxRules }: DenylistOptions = {}) {
    this.maxRules = maxRules;
  }

  get size(): number {
    return this.#table.size;
  }

  get bytes(): number {
    return this.#table.bytes;
  }

  /** Another number after each added or changed rule: while it stays the same, no token becomes denied. */
  get version(): number {
    return this.#version;
  }

  /** A rule did not fit: "not found" is no answer until a snapshot that fits completely has been read. */
  get full(): boolean {
    return this.#full;
  }

  /** Number of lifted denials that came into force again, because the feed does not have their lift. */
  get revived(): number {
    return this.#revived;
  }

  /**
   * The dimension by which a token is denied, or undefined when no rule denies it.
   *
   * @param issuedAt `iat` in claim seconds.
   * @param nowSeconds claim seconds.
   */
  denyingDimension(digests: DigestSet, issuedAt: number, nowSeconds: number): Dimension | undefined {
    // What was cleared at this version needs no search: only a change of the table can make a token denied. Time ends
    // denials and starts none, unless a clock is set back, and a later `iat` is denied by no additional rule.
    const { dimensions, cleared } = digests;
    const isSameTable = cleared?.by === this && cleared.version === this.#version;
    if (isSameTable && issuedAt >= cleared.issuedAt && nowSeconds >= cleared.nowSeconds) return undefined;
    const index = this.#table.denyingIndex(digests, issuedAt, nowSeconds);
    if (index >= 0) return dimensions[index];
    if (cleared === undefined) {
      digests.cleared = { by: this, version: this.#version, issuedAt, nowSeconds };
    } else {
      cleared.by = this;
      cleared.version = this.#version;
      cleared.issuedAt = issuedAt;
      cleared.nowSeconds = nowSeconds;
    }
    return undefined;
  }

  get(digest: Digest): Rule | undefined {
    return this.#table.get(digest);
  }

  /** The restart of the log ({@link restartDigest}). Cached until a rule changes: every request reads it. */
  get restart(): Rule | undefined {
    if (this.#restartVersion !== this.#version) {
      this.#restart = this.#table.get(restartDigest);
      this.#restartVersion = this.#version;
    }
    return this.#restart;
  }

  /**
   * Merges a change into the rule of its digest.
   *
   * @param lifts `union`: as {@link mergeRules}; `take`: as {@link mergeTakingLift}, with the lift of the feed.
   */
  merge(change: Change, lifts: 'union' | 'take'): MergeResult {
    const held = this.#table.get(change.digest) ?? emptyRule;
    const merged = lifts === 'take' ? mergeTakingLift(held, change.rule) : mergeRules(held, change.rule);
    if (sameRule(held, merged)) return 'unchanged';
    if (held === emptyRule && this.#table.size >= this.maxRules) {
      this.#full = true;
      return 'full';
    }
    if (merged.denialStamp <= held.liftedUpTo && merged.denialStamp > merged.liftedUpTo) this.#revived += 1;
    this.#version += 1;
    this.#table.set(change.digest, merged);
    if (this.#listeners.size > 0) this.#tell({ ...change, rule: merged });
    return 'changed';
  }

  /**
   * Merges a page of snapshot rows ({@link ../codec/rows.ts}).
   *
   * @param page with its buffer it belongs to the denylist from now on: the memory may be used for rules.
   * @param liftOfRestart the same for the restart of the log. `take` for another log than before: the end of the earlier restart
   *      may have a later stamp, by a clock that was ahead, and says nothing about this log.
   */
  mergeRows(page: Uint32Array, lifts: 'union' | 'take', liftOfRestart = lifts): void {
    const placed = this.#table.takePage(page);
    const { rows } = placed;
    for (let at = 0; at < rows.length; at += slotWords) {
      // A new digest needs no merge, and without a listener no object.
      if (this.#listeners.size === 0) {
        const from = at;
        at = this.#table.insertRows(placed, from, this.maxRules - this.#table.size);
        this.#version += (at - from) / slotWords;
        if (at === rows.length) return;
      }
      const digest = rows.slice(at, at + 4);
      const isRestart = sameDigest(digest, restartDigest);
      this.merge({ digest, rule: withoutImpossibleLift(ruleAt(rows, at)) }, isRestart ? liftOfRestart : lifts);
    }
  }

  /**
   * Calls `listener` after every change, with the merged rule. An error that it throws is thrown again by the call that
   * made the change, after the other listeners were called: a sidecar numbers the changes for its readers in one of them.
   *
   * @returns a function that removes it.
   */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Number of calls of {@link forget} that visit every rule once. */
  get sweepSlices(): number {
    return this.#table.segmentCount;
  }

  /**
   * Removes ended rules from one slice of about a thousand rules.
   *
   * @param nowSeconds claim seconds; to be called only while log clock and wall clock agree.
   * @returns how many were removed.
   */
  forget(nowSeconds: number, maxTokenLifetimeSeconds: number): number {
    if (this.#nextSlice >= this.#table.segmentCount) this.#nextSlice = 0;
    const forgotten = this.#table.sweep(this.#nextSlice, nowSeconds, maxTokenLifetimeSeconds);
    this.#nextSlice += 1;
    return forgotten;
  }

  /** The rules of one slice of about a thousand; the slices are numbered from 0, below {@link sweepSlices}. */
  slice(index: number): LostRule[] {
    const words = this.#table.rowsOfSegment(index);
    return Array.from({ length: words.length / slotWords }, (_, row) => {
      const at = row * slotWords;
      return { digest: words.slice(at, at + 4), rule: ruleAt(words, at) };
    });
  }

  /**
   * Prepares for a new snapshot: {@link full} is false until a rule does not fit.
   *
   * @param rules the number of rules in the snapshot, if known.
   */
  expectRoom(rules = 0): void {
    this.#full = false;
    this.#table.reserve(Math.min(rules, this.maxRules));
  }

  /** All rows at this moment, without later changes. Nothing is copied now, only what is read or changes afterwards. */
  snapshot(): TableSnapshot {
    return this.#table.snapshot();
  }

  #tell(change: Change): void {
    let failure: { readonly error: unknown } | undefined;
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }
}
