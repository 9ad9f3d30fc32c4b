import type { OwnDimension } from '../tokens.ts';

/** A token in use, and what has been said of it. Times are milliseconds of this process' monotonic clock. */
export interface LiveToken {
  readonly text: string;
  readonly number: number;
  readonly dimension: OwnDimension;
  /** From before it was said until after it was acknowledged. */
  revoked?: Said;
  lifted?: Said;
}

export interface Said {
  readonly startedMs: number;
  readonly endedMs: number;
}

export type Answer = 'accepted' | 'denied';

/** What a request that lasted from `startMs` to `endMs` must be answered, or undefined when both are right. */
export function mustBe(
  { revoked, lifted }: LiveToken,
  request: { startMs: number; endMs: number },
  boundMs: number,
): Answer | undefined {
  const before = (said: Said | undefined) => said === undefined || request.endMs < said.startedMs;
  const after = (said: Said | undefined) => said !== undefined && request.startMs > said.endedMs + boundMs;
  if (before(revoked)) return 'accepted';
  if (after(lifted)) return 'accepted';
  return after(revoked) && before(lifted) ? 'denied' : undefined;
}

/** The newest tokens: as many as clients hold at a time. */
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

  /** @param drawn from 0 to 1. */
  draw(drawn: number): LiveToken | undefined {
    return this.#tokens[Math.floor(drawn * this.#tokens.length)];
  }
}
