import type { Clock, Random } from '../../clock.ts';
import { FeedError } from '../../log/feed.ts';
import { Backoff } from '../../replication/backoff.ts';
import type { RedisSource } from '../../sources/source.ts';
import { connectRedis, type RedisConnection, type RedisTimeouts } from './connect.ts';

interface RedisSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly timeouts: RedisTimeouts;
}

/**
 * A connection on demand: opened at the first use, and again after it has failed. There is one attempt at a time, and
 * after a failure a pause with jitter; during the pause every caller gets the failure at once.
 */
export class RedisSession {
  readonly #source: RedisSource;
  readonly #options: RedisSessionOptions;
  readonly #backoff: Backoff;
  #connection: RedisConnection | undefined;
  #connecting: Promise<RedisConnection> | undefined;
  #failure: { readonly error: unknown; readonly retryAtMs: number } | undefined;
  #closed = false;

  constructor(source: RedisSource, options: RedisSessionOptions) {
    this.#source = source;
    this.#options = options;
    this.#backoff = new Backoff({ firstMs: 50, maxMs: 1000, random: options.random });
  }

  /** The open connection, if there is one now. */
  get current(): RedisConnection | undefined {
    return this.#connection?.open ? this.#connection : undefined;
  }

  /** @throws FeedError */
  async get(): Promise<RedisConnection> {
    if (this.#closed) throw new FeedError('closed', `${this.#source.name}: closed`);
    if (this.current !== undefined) return this.current;
    const { clock } = this.#options;
    if (this.#failure !== undefined && clock.monotonicMs() < this.#failure.retryAtMs) throw this.#failure.error;
    this.#connecting ??= this.#connect();
    return await this.#connecting;
  }

  /**
   * Asks a question. A failure to answer closes the connection and starts the pause.
   *
   * @throws FeedError
   */
  async use<Answer>(question: (redis: RedisConnection) => Promise<Answer>): Promise<Answer> {
    // Outside of the try block: during the pause this throws at once, and must not start the pause again.
    const redis = await this.get();
    try {
      const answer = await question(redis);
      this.succeeded();
      return answer;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** A command was answered: the pause after the next failure is a first one again. */
  succeeded(): void {
    this.#backoff.succeeded();
  }

  /** Closes the connection. Until a pause with jitter is over, `get` fails at once with this error. */
  failed(error: unknown): void {
    this.#connection?.close();
    this.#failure = { error, retryAtMs: this.#options.clock.monotonicMs() + this.#backoff.nextMs() };
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
  }

  async #connect(): Promise<RedisConnection> {
    const { timeouts } = this.#options;
    try {
      const connection = await connectRedis(this.#source, timeouts);
      if (this.#closed) connection.close();
      this.#connection = connection;
      this.#failure = undefined;
      return connection;
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      this.#connecting = undefined;
    }
  }
}
