import { type Clock, withTimeout } from '@revocast/denylist/replica';
import type { PgClient, PgPool } from './pg.ts';
import { channel } from './schema.ts';
import { noAnswer } from './store-errors.ts';

interface WorkerSessionOptions {
  readonly pool: PgPool;
  readonly clock: Clock;
  /** Asks for a call when rows were added. False where a session cannot listen, as behind a pooler of transactions. */
  readonly listens: boolean;
  readonly timeoutMs: number;
}

/**
 * The session of the worker: one connection of the pool, opened when it is first needed and again after an error. While it is
 * idle it does not keep the process alive.
 */
export class WorkerSession {
  readonly #options: WorkerSessionOptions;
  #client: PgClient | undefined;
  /** Of every worker with this store: two lifecycles may share it. */
  readonly #wakes = new Set<() => void>();

  constructor(options: WorkerSessionOptions) {
    this.#options = options;
  }

  onNotification(wake: () => void): void {
    this.#wakes.add(wake);
  }

  /** Runs `use` with the session. After an error the session is closed, and with it its transaction and its locks. */
  async with<Result>(use: (query: PgClient['query'], keepAlive: () => void) => Promise<Result>): Promise<Result> {
    const client = this.#client ?? (await this.#open());
    try {
      return await use(
        (text, values) => this.#answerOf(client.query(text, values)),
        () => client.ref?.(),
      );
    } catch (error) {
      this.#drop(client);
      throw error;
    } finally {
      client.unref?.();
    }
  }

  close(): void {
    if (this.#client !== undefined) this.#drop(this.#client);
  }

  async #open(): Promise<PgClient> {
    const { pool, listens } = this.#options;
    const connecting = pool.connect();
    // A connection that comes too late goes back.
    const client = await this.#answerOf(connecting).catch((error: unknown) => {
      connecting.then((late) => late.release(true)).catch(() => {});
      throw error;
    });
    const drop = () => this.#drop(client);
    client.on('error', drop);
    client.on('end', drop);
    client.on('notification', () => {
      for (const wake of this.#wakes) wake();
    });
    this.#client = client;
    // A pooler may refuse it, and a poll finds the rows too. A connection that is broken fails at its next query.
    if (listens) await this.#answerOf(client.query(`listen ${channel}`)).catch(() => {});
    return client;
  }

  async #answerOf<Answer>(asked: Promise<Answer>): Promise<Answer> {
    const { clock, timeoutMs } = this.#options;
    const answer = await withTimeout(asked, { clock, timeoutMs, late: undefined });
    if (answer === undefined) throw noAnswer(timeoutMs);
    return answer;
  }

  #drop(client: PgClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.release(true);
  }
}
