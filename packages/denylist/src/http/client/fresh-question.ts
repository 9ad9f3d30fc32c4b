import type { Clock } from '../../clock.ts';
import type { FeedBatch } from '../../log/feed.ts';
import { parsePosition, paths } from '../wire/wire.ts';
import { get, type HttpClient, readAll } from './client.ts';

interface Answer {
  readonly feed: string;
  readonly n: number;
  readonly batch: Omit<FeedBatch, 'entries'>;
}

/**
 * Asks a sidecar on another host how old its proof is. Our own time before asking, less that age, is proven, once the
 * change it had reached is applied here. No clock of the other host is compared with ours.
 */
export class FreshQuestion {
  readonly #client: HttpClient;
  readonly #clock: Clock;
  #asking = false;
  #answer: Answer | undefined;

  constructor(client: HttpClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Starts one question, unless one is under way. No answer is no proof: freshness runs out by itself. */
  ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    void this.#ask()
      .then(
        (answer) => {
          this.#answer = answer ?? this.#answer;
        },
        () => {},
      )
      .finally(() => {
        this.#asking = false;
      });
  }

  /** The proof, once the reader has applied the change it speaks of. */
  answerFor(cursor: string): Omit<FeedBatch, 'entries'> {
    const held = parsePosition(cursor);
    const answer = this.#answer;
    if (answer === undefined || held === undefined || held.feed !== answer.feed || held.n < answer.n) return {};
    this.#answer = undefined;
    return answer.batch;
  }

  async #ask(): Promise<Answer | undefined> {
    const askedAtMs = this.#clock.monotonicMs();
    const response = await get(this.#client, paths.fresh);
    const body: unknown = JSON.parse(Buffer.from(await readAll(response, 4096)).toString('utf8'));
    const roundTripMs = this.#clock.monotonicMs() - askedAtMs;
    if (response.statusCode !== 200 || typeof body !== 'object' || body === null) return undefined;
    const { position, ageMs, logNowMs } = { position: '', ageMs: Number.NaN, logNowMs: undefined, ...body };
    const at = typeof position === 'string' ? parsePosition(position) : undefined;
    if (at === undefined || typeof ageMs !== 'number' || !(ageMs >= 0 && ageMs < Number.POSITIVE_INFINITY))
      return undefined;
    const logTime =
      typeof logNowMs === 'number' && Number.isFinite(logNowMs) // `1e999` in JSON is Infinity
        ? { logMs: logNowMs, monotonicMs: askedAtMs + roundTripMs / 2, roundTripMs }
        : undefined;
    return { ...at, batch: { provenAtMs: askedAtMs - ageMs, logTime } };
  }
}
