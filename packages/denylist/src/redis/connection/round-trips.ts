/** A limit is so many times the longest round trip of late. */
const factor = 3;
/** After each reply the remembered round trip is shortened to this part, unless the reply took longer. */
const decay = 0.95;
/** A link that drops packets must be left within three seconds, with the time to connect again. */
const mostMs = 2500;

/**
 * The round trips to one Redis, from which the time limits of new connections follow: a Redis that answers late is not
 * taken for one that does not answer, and a link that is dead is still left within three seconds.
 */
export class RoundTrips {
  #longestMs = 0;

  /** A command that does not block was answered after so long. */
  answered(ms: number): void {
    this.#longestMs = Math.max(ms, this.#longestMs * decay);
  }

  /** Nothing was answered within a limit. The next limit is longer. */
  timedOut(limitMs: number): void {
    this.#longestMs = Math.max(limitMs, this.#longestMs);
  }

  /** @param leastMs the limit while Redis answers as fast as usual, in milliseconds. */
  limitMs(leastMs: number): number {
    return Math.max(leastMs, Math.min(mostMs, factor * this.#longestMs));
  }
}
