import type { Clock, Random } from '../../clock.ts';
import { FeedError } from '../../log/feed.ts';
import { Backoff } from '../../replication/backoff.ts';
import type { RedisSource } from '../../sources/source.ts';
import { connectRedis, type RedisConnection, type RedisTimeouts } from './connect.ts';
import { redialMs } from './watch-name.ts';

/** Longer than any command takes. */
const retireMs = 5000;

interface RedisSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly timeouts: RedisTimeouts;
  /** The connection is replaced now and then, because the name of the server may lead to another one. Default false. */
  readonly redials?: boolean;
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
  /** Monotonic time of the last attempt to connect. */
  #dialledAtMs = 0;
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
    const { current } = this;
    if (current !== undefined) return this.#isOld() ? await this.#redial(current) : current;
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

  #isOld(): boolean {
    const { clock, redials = false } = this.#options;
    return redials && clock.monotonicMs() - this.#dialledAtMs >= redialMs;
  }

  /** A name that cannot be dialled now must not stop a connection that works. */
  async #redial(present: RedisConnection): Promise<RedisConnection> {
    const { clock, timeouts } = this.#options;
    this.#dialledAtMs = clock.monotonicMs();
    const next = await connectRedis(this.#source, timeouts).catch(() => undefined);
    if (next === undefined) return present;
    if (this.#closed) next.close();
    this.#connection = next;
    // Commands that are under way on it are answered before.
    void clock.sleep(retireMs).then(() => present.close());
    return next;
  }

  async #connect(): Promise<RedisConnection> {
    const { clock, timeouts } = this.#options;
    this.#dialledAtMs = clock.monotonicMs();
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
