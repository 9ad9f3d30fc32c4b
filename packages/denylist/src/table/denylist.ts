import { type RowPicture, readRule, rowBytes, viewOf } from '../codec/rows.ts';
import { type Digest, type DigestSet, digestFromBytes } from '../rules/digest.ts';
import type { Change } from '../rules/event.ts';
import { restartDigest } from '../rules/log-restart.ts';
import type { Dimension } from '../rules/revocation.ts';
import { emptyRule, mergeRules, mergeTakingLift, type Rule, sameRule } from '../rules/rule.ts';
import { RuleTable } from './rule-table.ts';

export const defaultMaxRules = 4_000_000;

export interface DenylistOptions {
  /** Rules at most, 1–100,000,000, default 4,000,000 (about 160 MB). */
  readonly maxRules?: number;
}

export type MergeResult = 'changed' | 'unchanged' | 'full';

/**
 * The rules in force, in memory. It only ever learns: rules leave by {@link forget}, when time has ended them, and for
 * no other cause.
 */
export class Denylist {
  readonly maxRules: number;
  readonly #table = new RuleTable();
  readonly #listeners = new Set<(change: Change) => void>();
  #sweepAt = 0;
  /** Counts changes. */
  #version = 0;
  #full = false;
  #revived = 0;
  #restart: Rule | undefined;
  /** The version at which {@link #restart} was looked up. */
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

  /** A rule did not fit: "not found" means nothing until a whole snapshot has been taken with room to spare. */
  get full(): boolean {
    return this.#full;
  }

  /** How often a feed has brought back a denial that was held as lifted: it lags behind where that lift was seen. */
  get revived(): number {
    return this.#revived;
  }

  /**
   * The dimension by which a token is denied, or undefined when no rule held covers it.
   *
   * @param issuedAt `iat` in claim seconds.
   * @param nowSeconds claim seconds.
   */
  denyingDimension(digests: DigestSet, issuedAt: number, nowSeconds: number): Dimension | undefined {
    // Only a change can turn "not found" into "found": time ends denials and begins none.
    const { dimensions, words, cleared } = digests;
    if (cleared?.by === this && cleared.version === this.#version && issuedAt >= cleared.issuedAt) return undefined;
    const index = this.#table.denyingIndex(words, issuedAt, nowSeconds);
    if (index >= 0) return dimensions[index];
    if (cleared === undefined) {
      digests.cleared = { by: this, version: this.#version, issuedAt };
    } else {
      cleared.by = this;
      cleared.version = this.#version;
      cleared.issuedAt = issuedAt;
    }
    return undefined;
  }

  get(digest: Digest): Rule | undefined {
    return this.#table.get(digest);
  }

  /** What the log says of its own beginning ({@link restartDigest}). Looked up once a change: every check asks. */
  get restart(): Rule | undefined {
    if (this.#restartVersion !== this.#version) {
      this.#restart = this.#table.get(restartDigest);
      this.#restartVersion = this.#version;
    }
    return this.#restart;
  }

  /**
   * Unites a change with what is held.
   *
   * @param lifts `take` when the feed's lifts replace ours (see {@link mergeTakingLift}).
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
    for (const listener of this.#listeners) listener({ ...change, rule: merged });
    return 'changed';
  }

  /** Unites a page of snapshot rows ({@link ./codec/rows.ts}). */
  mergeRows(rows: Uint8Array, lifts: 'union' | 'take'): void {
    const view = viewOf(rows);
    const unheard = this.#listeners.size === 0;
    for (let at = 0; at + rowBytes <= rows.byteLength; at += rowBytes) {
      if (unheard && this.#table.size < this.maxRules && this.#table.insertRow(view, at)) {
        this.#version += 1;
        continue;
      }
      this.merge({ digest: digestFromBytes(rows, at), rule: readRule(view, at + 16) }, lifts);
    }
  }

  /** Calls `listener` with every change, merged, whatever its cause. @returns a function that ends it. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many calls of {@link forget} look at everything once. */
  get sweepSlices(): number {
    return this.#table.segmentCount;
  }

  /**
   * Forgets what time has ended, in one slice of about a thousand rules; call it often.
   *
   * @param nowSeconds a time that log and wall clock agree on. @returns how many were forgotten.
   */
  forget(nowSeconds: number, maxTokenLifetimeSeconds: number): number {
    if (this.#sweepAt >= this.#table.segmentCount) this.#sweepAt = 0;
    const forgotten = this.#table.sweep(this.#sweepAt, nowSeconds, maxTokenLifetimeSeconds);
    this.#sweepAt += 1;
    return forgotten;
  }

  /**
   * A new complete synchronisation begins: whether everything fits will show.
   *
   * @param rules how many are about to come, if that is known.
   */
  expectRoom(rules = 0): void {
    this.#full = false;
    this.#table.reserve(Math.min(rules, this.maxRules));
  }

  /** Every row at this moment; later changes do not show in it. Costs next to nothing until it is read. */
  snapshot(): RowPicture {
    return this.#table.snapshot();
  }

  entries(): Iterable<[Digest, Rule]> {
    return this.#table.entries();
  }
}
