import type { BroadRuleWindow } from '../../log/broad-rules.ts';
import { type Digest, digestToHex } from '../../rules/digest.ts';
import type { Change } from '../../rules/event.ts';
import type { Rule } from '../../rules/rule.ts';
import { RuleTable } from '../../table/rule-table.ts';

/** The content of an embedded log. */
export interface LogState {
  readonly table: RuleTable;
  /** Event id → its entry, oldest first; kept for a day. */
  readonly ids: Map<string, KnownId>;
  /** Number of the newest entry. */
  seq: number;
  /** Not stored: it starts empty with each process. */
  broad: BroadRuleWindow;
}

interface KnownId {
  readonly seq: number;
  readonly loggedAtMs: number;
  /** What it stands for; undefined in a file of the last release. */
  readonly fingerprint: string | undefined;
}

/** One entry that is about to be logged. */
export interface StoredEntry {
  readonly seq: number;
  readonly change: Change & { readonly loggedAtMs: number };
  /** Absent for a re-seed. */
  readonly id: string | undefined;
  /** What the id stands for. */
  readonly fingerprint: string;
}

export function emptyState(): LogState {
  return { table: new RuleTable(), ids: new Map(), seq: 0, broad: { fromMs: 0, count: 0 } };
}

/** Entries that are decided but not yet durable: later requests of the same batch must see them, readers must not. */
export class Staging {
  readonly entries: StoredEntry[] = [];
  broad: BroadRuleWindow;
  readonly #state: LogState;
  readonly #rules = new Map<string, Rule>();
  readonly #ids = new Map<string, KnownId>();

  constructor(state: LogState) {
    this.#state = state;
    this.broad = state.broad;
  }

  get seq(): number {
    return this.#state.seq + this.entries.length;
  }

  rule(digest: Digest): Rule | undefined {
    const staged = this.#rules.size === 0 ? undefined : this.#rules.get(digestToHex(digest));
    return staged ?? this.#state.table.get(digest);
  }

  knownId(id: string): KnownId | undefined {
    return this.#ids.get(id) ?? this.#state.ids.get(id);
  }

  /** @returns the number of the entry. */
  add({ change, id, fingerprint }: Omit<StoredEntry, 'seq'>): number {
    const seq = this.seq + 1;
    this.entries.push({ seq, change, id, fingerprint });
    this.#rules.set(digestToHex(change.digest), change.rule);
    if (id !== undefined) this.#ids.set(id, { seq, loggedAtMs: change.loggedAtMs, fingerprint });
    return seq;
  }
}
