const windowMs = 60_000;
/** Answers to one client within a minute, above which it is a storm. */
export const stormAnswers = 60;
/** Clients that are counted at the same time; further ones are counted in the next minute. */
const maxClients = 10_000;

/** Finds clients that get more tokens than a client needs: each once a minute. Counts the answers of this process. */
export class StormDetector {
  readonly #counts = new Map<string, number>();
  #endsAtMs = 0;

  /** @returns whether this answer makes it a storm. @param nowMs of a monotonic clock. */
  answered(client: string, nowMs: number): boolean {
    if (nowMs >= this.#endsAtMs) {
      this.#counts.clear();
      this.#endsAtMs = nowMs + windowMs;
    }
    const count = this.#counts.get(client) ?? 0;
    if (count === 0 && this.#counts.size >= maxClients) return false;
    this.#counts.set(client, count + 1);
    return count === stormAnswers;
  }
}
