/** Something about a source that an operator should mend. */
export interface Misconfiguration {
  /** Stable, from a closed list; docs/redis.md has a row for each. */
  readonly name: string;
  /** `unsafe`: revocations can be lost without anybody noticing, or cannot be written. */
  readonly severity: 'unsafe' | 'warning';
  /** What was found, for a log line; no address, no credentials. */
  readonly found: string;
  readonly remedy: string;
}

/** One look at a source. What may not be read is unknown, which is neither well nor ill. */
export interface SourceHealth {
  readonly misconfigurations: readonly Misconfiguration[];
  /** Names of misconfigurations that could not be looked for, because the source hides what it takes. */
  readonly unknown: readonly string[];
  readonly figures: SourceFigures;
}

export interface SourceFigures {
  readonly memoryUsedBytes?: number;
  /** 0: no limit. */
  readonly memoryLimitBytes?: number;
  readonly evictedKeys?: number;
  readonly evictionPolicy?: string;
  readonly logEntries?: number;
  /** Log-clock Unix milliseconds of the oldest entry; absent while there is none. */
  readonly logOldestMs?: number;
}
