import type { Clock, Random } from '../../clock.ts';
import { FeedError } from '../../log/feed.ts';
import type { RedisSource } from '../../sources/redis-source.ts';
import { withTimeout } from '../../with-timeout.ts';
import type { RedisConnection } from '../client.ts';
import { RedisSession } from './session.ts';

interface BriefSessionOptions<Answer> {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds for one question, connecting included. */
  readonly timeoutMs: number;
  /** Questions in progress at the same time; one more gets no answer at once. */
  readonly maxConcurrent: number;
  /** The answer when Redis gives none. */
  readonly noAnswer: (cause: 'busy' | 'timeout' | 'failed') => Answer;
}

/** Questions to Redis from the path of a request: bounded in time and number, and without an exception. */
export class BriefSession<Answer> extends RedisSession {
  readonly #options: BriefSessionOptions<Answer>;
  #inProgress = 0;

  constructor(source: RedisSource, options: BriefSessionOptions<Answer>) {
    super(source, { ...options, timeouts: { commandMs: options.timeoutMs } });
    this.#options = options;
  }

  async ask(question: (redis: RedisConnection) => Promise<Answer>): Promise<Answer> {
    const { noAnswer, maxConcurrent, ...limit } = this.#options;
    if (this.#inProgress >= maxConcurrent) return noAnswer('busy');
    this.#inProgress += 1;
    try {
      return await withTimeout(this.use(question), { ...limit, late: noAnswer('timeout') });
    } catch (error) {
      return noAnswer(error instanceof FeedError && error.code === 'timeout' ? 'timeout' : 'failed');
    } finally {
      this.#inProgress -= 1;
    }
  }
}
