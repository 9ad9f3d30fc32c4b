import { type Clock, withTimeout } from '@revocast/denylist/replica';
import type { Transaction } from '../../outbox/outbox-store.ts';
import { beginWithin } from '../../postgres/begin.ts';
import { lockMsWithin } from '../../postgres/lock-limit.ts';
import type { PgClient, PgPool } from '../../postgres/pg.ts';
import { noAnswer, storeErrorOf } from '../../postgres/store-errors.ts';

export interface FamilyConnectionOptions {
  readonly pool: PgPool;
  /** The longest wait for one answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** The longest silence inside a transaction, default 60,000 ms. */
  readonly idleLimitMs?: number | undefined;
}

/** Statements of the refresh families, each with a time limit. */
export class FamilyConnection {
  readonly #options: FamilyConnectionOptions;

  constructor(options: FamilyConnectionOptions) {
    this.#options = options;
  }

  /** @param tx default: any connection of the pool. @throws StoreError, with no value of a row */
  async query(text: string, values: readonly unknown[] = [], tx: Transaction = this.#options.pool) {
    const { rows } = await this.#answerOf(tx.query(text, [...values]));
    return rows;
  }

  /**
   * Commits when `work` resolves. After an error or a lost answer the connection is closed: the state of its transaction
   * is unknown.
   *
   * @param lockMs the longest wait for one lock; default: a little less than that for an answer.
   */
  async transaction<Value>(
    work: (tx: Transaction) => Promise<Value>,
    lockMs: number = lockMsWithin(this.#options.timeoutMs),
  ): Promise<Value> {
    const client = await this.#connect();
    // A pool does not listen to a client that it has handed out, and an 'error' without a listener ends the process.
    client.on('error', ignore);
    let isBroken = true;
    try {
      const { idleLimitMs: idleMs, timeoutMs: statementMs } = this.#options;
      await this.query(beginWithin({ idleMs, statementMs, lockMs }), [], client);
      const value = await work(client);
      await this.query('commit', [], client);
      isBroken = false;
      return value;
    } finally {
      client.removeListener('error', ignore);
      client.release(isBroken);
    }
  }

  async #connect(): Promise<PgClient> {
    const connecting = this.#options.pool.connect();
    try {
      return await this.#answerOf(connecting);
    } catch (error) {
      // A connection that comes too late goes back.
      connecting.then((late) => late.release(true)).catch(() => {});
      throw error;
    }
  }

  async #answerOf<Answer>(asked: Promise<Answer>): Promise<Answer> {
    const { clock, timeoutMs } = this.#options;
    try {
      const answer = await withTimeout(asked, { clock, timeoutMs, late: undefined, keepAlive: true });
      if (answer === undefined) throw noAnswer(timeoutMs);
      return answer;
    } catch (error) {
      throw storeErrorOf(error);
    }
  }
}

/** The query that waits for its answer rejects with the same error. */
function ignore(): void {}
