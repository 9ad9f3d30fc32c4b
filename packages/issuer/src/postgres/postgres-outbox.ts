import { type Clock, withTimeout } from '@revocast/denylist/replica';
import { inOrderOfTarget } from '../outbox/in-order.ts';
import type {
  AddedIn,
  AttemptResult,
  NewOutboxRow,
  OutboxFigures,
  OutboxRow,
  OutboxStore,
  RowCounts,
  RowState,
  Transaction,
} from '../outbox/outbox-store.ts';
import { outboxStatements } from './outbox-statements.ts';
import type { PgClient, PgPool } from './pg.ts';
import { onlyRow, readFigures, readPending, readRowCounts, readRowIds, readStates } from './rows.ts';
import { noAnswer, readOnlyCopy, storeErrorOf } from './store-errors.ts';
import { WorkerSession } from './worker-session.ts';

export interface PostgresOutboxOptions {
  readonly pool: PgPool;
  readonly table: string;
  readonly listens: boolean;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** The longest silence inside a transaction, default 60,000 ms. */
  readonly idleLimitMs?: number | undefined;
}

const freezeEveryMs = 250;

/** The outbox in a table of PostgreSQL. */
export class PostgresOutbox implements OutboxStore {
  readonly joinsTransactions = true;
  readonly #options: PostgresOutboxOptions;
  readonly #sql: ReturnType<typeof outboxStatements>;
  readonly #session: WorkerSession;

  constructor(options: PostgresOutboxOptions) {
    this.#options = options;
    this.#sql = outboxStatements(options.table, options);
    this.#session = new WorkerSession(options);
  }

  async prepare(): Promise<void> {
    if (onlyRow(await this.#ask(this.#sql.isCopy))['is_copy'] === true) throw readOnlyCopy();
    await this.#ask(this.#sql.check);
  }

  async add(rows: readonly NewOutboxRow[], tx?: Transaction): Promise<AddedIn> {
    const given = rows.map(({ occurredAtMs, ...row }) => ({ ...row, occurred_ms: occurredAtMs }));
    const values = [JSON.stringify(given), tx !== undefined];
    const answer = await this.#ask(this.#sql.add, values, tx ?? this.#options.pool);
    const { transaction } = onlyRow(answer);
    return { transaction: typeof transaction === 'string' ? transaction : undefined };
  }

  async claim(event: string, tx?: Transaction): Promise<readonly string[] | undefined> {
    const isNew = (await this.#ask(this.#sql.claimEvent, [event], tx)).length > 0;
    return isNew ? undefined : readRowIds(await this.#ask(this.#sql.rowsOf, [event], tx));
  }

  async complete(event: string, rows: readonly string[], tx?: Transaction): Promise<void> {
    await this.#ask(this.#sql.complete, [event, rows], tx);
  }

  async take(limit: number, attempt: (row: OutboxRow) => Promise<AttemptResult>): Promise<number> {
    return await this.#inSession(async (query, keepAlive) => {
      const { is_copy: isCopy, is_due: isDue } = onlyRow((await query(this.#sql.look)).rows);
      if (isCopy === true) throw readOnlyCopy();
      if (isDue !== true) return 0;
      keepAlive();
      await query(this.#sql.freeze, [this.#options.clock.wallMs()]);
      await query(this.#sql.begin);
      const locked = (await query(this.#sql.lock, [limit])).rows.map((row) => onlyRow([row])['seq']);
      const claimed = (await query(this.#sql.claim, [locked])).rows.map(readPending);
      const attempts = inOrderOfTarget(
        claimed,
        ({ row }) => row.target,
        async ({ seq, row }) => ({ seq, ...storedResult(await attempt(row)) }),
      );
      const results = await this.#freezingUntil(attempts);
      await query(this.#sql.settle, [JSON.stringify(results)]);
      await query(this.#sql.commit);
      return claimed.length;
    });
  }

  async read(ids: readonly string[], { transaction }: AddedIn): Promise<readonly RowState[]> {
    // The end of the transaction is read first: a row that is absent after the end was not committed.
    const status =
      transaction === undefined ? undefined : onlyRow(await this.#ask(this.#sql.transaction, [transaction]))['status'];
    const states = readStates(await this.#ask(this.#sql.read, [ids]));
    return ids.map((id) => {
      const state = states.get(id);
      if (state !== undefined) return state;
      if (status === 'in progress') return 'uncommitted';
      return status === 'aborted' || status === 'committed' ? 'not_committed' : 'unknown';
    });
  }

  async hurry(except: readonly string[]): Promise<void> {
    await this.#inSession((query) => query(this.#sql.hurry, [except]));
  }

  async collect(limit: number): Promise<number> {
    const { rows } = await this.#inSession((query) => query(this.#sql.collect, [limit]));
    return rows.length;
  }

  async figures(): Promise<OutboxFigures> {
    return readFigures(await this.#ask(this.#sql.figures));
  }

  async countRows(): Promise<RowCounts> {
    return readRowCounts(await this.#ask(this.#sql.countRows));
  }

  listen(wake: () => void): void {
    this.#session.onNotification(wake);
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  /**
   * Goes on freezing the times of new rows while attempts wait for a log that does not answer: a cutoff must not move to the end
   * of that wait, and deny a login of the meantime. A pool without a free connection does not cost the attempts: the next one
   * freezes.
   */
  async #freezingUntil<Result>(attempts: Promise<Result>): Promise<Result> {
    const { clock } = this.#options;
    for (;;) {
      const result = await withTimeout(
        attempts.then((value) => ({ value })),
        { clock, timeoutMs: freezeEveryMs, late: undefined },
      );
      if (result !== undefined) return result.value;
      await this.#ask(this.#sql.freeze, [clock.wallMs()]).catch(() => {});
    }
  }

  async #inSession<Result>(use: (query: PgClient['query'], keepAlive: () => void) => Promise<Result>): Promise<Result> {
    try {
      return await this.#session.with(use);
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  /** One statement, on a connection of the pool or of the caller. */
  async #ask(text: string, values: unknown[] = [], client: Transaction = this.#options.pool) {
    const { clock, timeoutMs } = this.#options;
    try {
      const limit = { clock, timeoutMs, late: undefined, keepAlive: true };
      const answer = await withTimeout(client.query(text, values), limit);
      if (answer === undefined) throw noAnswer(timeoutMs);
      return answer.rows;
    } catch (error) {
      throw storeErrorOf(error);
    }
  }
}

function storedResult(result: AttemptResult) {
  return 'outcome' in result
    ? { outcome: result.outcome, is_logged: false, retry_ms: 0 }
    : { error: result.error, is_logged: result.isLogged, retry_ms: result.retryInMs };
}
