import { maxReportDigests, type UsageReport } from '@revocast/denylist/replica';

/** What is reported about one token. Created with its first use, and kept as long as its claims. */
export interface SeenToken {
  /** Digests, base64url. */
  readonly subject: string | undefined;
  readonly token: string | undefined;
  readonly clientClass: string;
  /** The round in which it was last added; 0 for none. */
  round: number;
}

const dayMs = 86_400_000;

/**
 * Subjects and tokens that were seen and not yet reported. Each token is added once a day, so that a further use costs two
 * comparisons. A lost report starts a new round, in which each token is added again with its next use.
 */
export class SeenTokens {
  readonly #maxDigests: number;
  readonly #subjects = new Set<string>();
  readonly #tokens = new Map<string, Set<string>>();
  #size = 0;
  #round = 0;
  #dayEndsAtMs = Number.NEGATIVE_INFINITY;

  constructor(maxDigests: number = maxReportDigests) {
    this.#maxDigests = maxDigests;
  }

  /**
   * Adds the use of a token.
   *
   * @param nowMs wall-clock milliseconds.
   * @returns false when the report is full: the next use of the token tries again.
   */
  see(seen: SeenToken, nowMs: number): boolean {
    if (nowMs >= this.#dayEndsAtMs) this.#startDay(nowMs);
    if (seen.round === this.#round) return true;
    if (this.#size + 2 > this.#maxDigests) return false;
    if (seen.subject !== undefined) this.#add(this.#subjects, seen.subject);
    if (seen.token !== undefined) this.#add(this.#tokensOf(seen.clientClass), seen.token);
    seen.round = this.#round;
    return true;
  }

  /** Returns what was added since the last call; undefined for nothing. */
  take(): UsageReport | undefined {
    if (this.#size === 0) return undefined;
    const tokens = [...this.#tokens].map(([clientClass, digests]) => [clientClass, [...digests]] as const);
    const report = { subjects: [...this.#subjects], tokens: Object.fromEntries(tokens) };
    this.#subjects.clear();
    this.#tokens.clear();
    this.#size = 0;
    return report;
  }

  /** Call it after a lost report. */
  startRound(): void {
    this.#round += 1;
  }

  #startDay(nowMs: number): void {
    this.#dayEndsAtMs = (Math.floor(nowMs / dayMs) + 1) * dayMs;
    this.startRound();
  }

  #tokensOf(clientClass: string): Set<string> {
    const tokens = this.#tokens.get(clientClass) ?? new Set<string>();
    this.#tokens.set(clientClass, tokens);
    return tokens;
  }

  #add(digests: Set<string>, digest: string): void {
    this.#size -= digests.size;
    digests.add(digest);
    this.#size += digests.size;
  }
}
