import { maxReportDigests, type UsageReport } from '@revocast/denylist/replica';

/** What is reported of one token: noted when it is first used, and kept as long as its claims are. */
export interface SeenToken {
  /** Digests, base64url. */
  readonly subject: string | undefined;
  readonly token: string | undefined;
  readonly clientClass: string;
  /** In which round it was last put down; 0 for never. */
  round: number;
}

const dayMs = 86_400_000;

/**
 * Subjects and tokens that were seen and not yet reported. Each token is put down once a day, so that a use of a known
 * one costs two comparisons; a report that was lost starts a new round, in which each is put down again at its next use.
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
   * Notes the use of a token.
   *
   * @param nowMs wall-clock milliseconds.
   * @returns false when there was no room: its next use tries again.
   */
  see(seen: SeenToken, nowMs: number): boolean {
    if (nowMs >= this.#dayEndsAtMs) this.#startDay(nowMs);
    if (seen.round === this.#round) return true;
    if (this.#size + 2 > this.#maxDigests) return false;
    if (seen.subject !== undefined) this.#put(this.#subjects, seen.subject);
    if (seen.token !== undefined) this.#put(this.#tokensOf(seen.clientClass), seen.token);
    seen.round = this.#round;
    return true;
  }

  /** Everything since the last time; undefined when that is nothing. */
  take(): UsageReport | undefined {
    if (this.#size === 0) return undefined;
    const tokens = [...this.#tokens].map(([clientClass, digests]) => [clientClass, [...digests]] as const);
    const report = { subjects: [...this.#subjects], tokens: Object.fromEntries(tokens) };
    this.#subjects.clear();
    this.#tokens.clear();
    this.#size = 0;
    return report;
  }

  /** The last report was lost. */
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

  #put(digests: Set<string>, digest: string): void {
    this.#size -= digests.size;
    digests.add(digest);
    this.#size += digests.size;
  }
}
