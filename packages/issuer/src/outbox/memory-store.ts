import { ConfigurationError } from '@revocast/denylist';
import { type Clock, checkOptions, checkWholeNumber, systemClock } from '@revocast/denylist/replica';
import { MemoryFamilies } from '../families/memory-families.ts';
import type { LifecycleStore } from '../lifecycle/lifecycle-store.ts';
import { inOrderOfTarget } from './in-order.ts';
import type {
  AddedIn,
  AttemptResult,
  NewOutboxRow,
  OutboxOutcome,
  OutboxRow,
  OutboxStore,
  RowState,
  Transaction,
} from './outbox-store.ts';
import { StoreError } from './store-error.ts';

const defaultMaxRows = 100_000;
const defaultMaxFamilies = 100_000;
const keepSettledMs = 7 * 86_400_000;

export interface MemoryStoreOptions {
  /** Pending rows at most, 1–10,000,000, default 100,000: `report` then rejects with `store_full`. */
  readonly maxRows?: number | undefined;
  /** Refresh families at most, 1–10,000,000, default 100,000: `open` then rejects with `store_full`. */
  readonly maxFamilies?: number | undefined;
  /** For tests that step time. */
  readonly clock?: Clock | undefined;
}

/**
 * Keeps what is pending in this process: it survives an outage of the log, but not the end of the process. For tests, demos,
 * and servers of one process that accept this.
 */
export function memoryStore(options: MemoryStoreOptions = {}): LifecycleStore {
  checkOptions('memoryStore', options, ['maxRows', 'maxFamilies', 'clock']);
  const { clock = systemClock, maxRows = defaultMaxRows, maxFamilies = defaultMaxFamilies } = options;
  checkWholeNumber('maxRows', maxRows, { least: 1, most: 10_000_000, unit: 'rows' });
  checkWholeNumber('maxFamilies', maxFamilies, { least: 1, most: 10_000_000, unit: 'families' });
  return {
    outbox: new MemoryOutbox(clock, maxRows),
    families: new MemoryFamilies({ nowMs: () => clock.wallMs(), maxFamilies }),
  };
}

interface Held extends Omit<NewOutboxRow, 'occurredAtMs'> {
  readonly occurredAtMs: number;
  readonly reportedAtMs: number;
  attempts: number;
  nextAtMs: number;
  loggedAtMs: number | undefined;
  isTaken: boolean;
  error?: string;
}

interface Settled {
  readonly outcome: OutboxOutcome;
  readonly settledAtMs: number;
  /** Of an event: the rows that followed from it. */
  readonly rows?: readonly string[];
}

class MemoryOutbox implements OutboxStore {
  readonly #clock: Clock;
  readonly #maxRows: number;
  /** In the order of their reports. */
  readonly #pending = new Map<string, Held>();
  readonly #settled = new Map<string, Settled>();

  readonly joinsTransactions = false;

  constructor(clock: Clock, maxRows: number) {
    this.#clock = clock;
    this.#maxRows = maxRows;
  }

  async prepare(): Promise<void> {}

  async add(rows: readonly NewOutboxRow[], tx?: Transaction): Promise<AddedIn> {
    // Noted although the transaction is rolled back, it would be an event that never happened.
    if (tx !== undefined) throw new ConfigurationError('tx', 'expected none with memoryStore, found one');
    const nowMs = this.#clock.wallMs();
    const added = rows.filter(({ id }) => !this.#pending.has(id) && !this.#settled.has(id));
    if (this.#pending.size + added.length > this.#maxRows) {
      throw new StoreError('store_full', `expected at most ${this.#maxRows} pending rows in memory, found one more`);
    }
    for (const row of added) {
      const held = { loggedAtMs: undefined, isTaken: false, attempts: 0, nextAtMs: nowMs, reportedAtMs: nowMs };
      this.#pending.set(row.id, { ...row, ...held, occurredAtMs: row.occurredAtMs ?? nowMs });
    }
    return {};
  }

  async claim(event: string): Promise<readonly string[] | undefined> {
    return this.#settled.get(event)?.rows;
  }

  async complete(event: string, rows: readonly string[]): Promise<void> {
    this.#settled.set(event, { outcome: 'logged', settledAtMs: this.#clock.wallMs(), rows });
  }

  async take(limit: number, attempt: (row: OutboxRow) => Promise<AttemptResult>): Promise<number> {
    const due = this.#due(limit);
    for (const held of due) held.isTaken = true;
    await inOrderOfTarget(
      due,
      ({ target }) => target,
      async (held) => {
        try {
          const { isTaken: _t, nextAtMs: _n, error: _e, ...row } = held;
          const result = await attempt({ ...row, frozenAtMs: row.reportedAtMs, nowMs: this.#clock.wallMs() });
          this.#store(held, result);
        } finally {
          held.isTaken = false;
        }
      },
    );
    return due.length;
  }

  async read(ids: readonly string[]): Promise<readonly RowState[]> {
    return ids.map((id) => {
      const held = this.#pending.get(id);
      if (held !== undefined) return held.loggedAtMs !== undefined ? 'logged' : 'pending';
      const outcome = this.#settled.get(id)?.outcome;
      return outcome === 'not_durable' ? 'logged' : (outcome ?? 'unknown');
    });
  }

  async hurry(except: readonly string[]): Promise<void> {
    for (const held of this.#pending.values()) {
      if (held.error === undefined || !except.includes(held.error)) held.nextAtMs = this.#clock.wallMs();
    }
  }

  async collect(limit: number): Promise<number> {
    const olderThanMs = this.#clock.wallMs() - keepSettledMs;
    let count = 0;
    // In the order in which they were settled.
    for (const [id, { settledAtMs }] of this.#settled) {
      if (count >= limit || (settledAtMs > olderThanMs && this.#settled.size <= this.#maxRows)) break;
      this.#settled.delete(id);
      count += 1;
    }
    return count;
  }

  async figures() {
    const waiting = [...this.#pending.values()].filter(({ loggedAtMs }) => loggedAtMs === undefined);
    const oldestMs = waiting[0]?.reportedAtMs ?? this.#clock.wallMs();
    return { pending: waiting.length, oldestSeconds: Math.max(0, this.#clock.wallMs() - oldestMs) / 1000 };
  }

  async countRows() {
    return { active: this.#pending.size, ended: this.#settled.size };
  }

  listen(): void {}

  async close(): Promise<void> {}

  /** The oldest row of each target that is not in force, and rows in force that are confirmed again. */
  #due(limit: number): Held[] {
    const nowMs = this.#clock.wallMs();
    const blocked = new Set<string>();
    const due: Held[] = [];
    for (const held of this.#pending.values()) {
      if (due.length >= limit) break;
      if (!blocked.has(held.target) && !held.isTaken && held.nextAtMs <= nowMs) due.push(held);
      if (held.loggedAtMs === undefined) blocked.add(held.target);
    }
    return due;
  }

  #store(held: Held, result: AttemptResult): void {
    if ('outcome' in result) {
      // The statement names a person, and goes with the row.
      this.#pending.delete(held.id);
      this.#settled.set(held.id, { outcome: result.outcome, settledAtMs: this.#clock.wallMs() });
      return;
    }
    held.attempts += 1;
    held.error = result.error;
    if (result.isLogged) held.loggedAtMs ??= this.#clock.wallMs();
    held.nextAtMs = this.#clock.wallMs() + result.retryInMs;
  }
}
