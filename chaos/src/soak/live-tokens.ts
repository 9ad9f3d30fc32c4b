import type { OwnDimension } from '../tokens.ts';

/** A token in use, with its statements. Times are milliseconds of the monotonic clock. */
export interface LiveToken {
  readonly text: string;
  readonly number: number;
  readonly dimension: OwnDimension;
  revoked?: Period;
  lifted?: Period;
}

/** From before a statement was sent until after it was acknowledged. */
export interface Period {
  readonly startedMs: number;
  readonly endedMs: number;
}

export type Answer = 'accepted' | 'denied';

/** The correct answer to a request that lasted from `startMs` to `endMs`; undefined if both answers are correct. */
export function mustBe(
  { revoked, lifted }: LiveToken,
  request: { startMs: number; endMs: number },
  boundMs: number,
): Answer | undefined {
  const before = (period: Period | undefined) => period === undefined || request.endMs < period.startedMs;
  const after = (period: Period | undefined) => period !== undefined && request.startMs > period.endedMs + boundMs;
  if (before(revoked)) return 'accepted';
  if (after(lifted)) return 'accepted';
  return after(revoked) && before(lifted) ? 'denied' : undefined;
}

/** The newest tokens, which clients use. */
export class LiveTokens {
  readonly #tokens: LiveToken[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(token: LiveToken): void {
    this.#tokens.push(token);
    if (this.#tokens.length > this.#most) this.#tokens.shift();
  }

  /** @param drawn a random number from 0 to 1. */
  draw(drawn: number): LiveToken | undefined {
    return this.#tokens[Math.floor(drawn * this.#tokens.length)];
  }
}
