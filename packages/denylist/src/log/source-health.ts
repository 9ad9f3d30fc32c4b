/** A setting of a source that an operator should fix. */
export interface Misconfiguration {
  /** Stable, from a closed list; docs/redis.md has a row for each. */
  readonly name: string;
  /**
   * `unsafe`: revocations can be lost without a notice, or cannot be written. `degraded`: everything is kept, and
   * something works less well than documented.
   */
  readonly severity: 'unsafe' | 'degraded' | 'warning';
  /** What was found, for a log line; no address, no credentials. */
  readonly found: string;
  readonly remedy: string;
}

/** The settings and figures of a source at one moment. A setting that may not be read is unknown: neither good nor bad. */
export interface SourceHealth {
  readonly misconfigurations: readonly Misconfiguration[];
  /** Names of misconfigurations that could not be checked, because the source does not permit it. */
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
  /** Log-clock Unix milliseconds of the oldest entry; absent when there is none. */
  readonly logOldestMs?: number;
  /** Clock of the sidecar that writes heartbeats minus ours; absent when it stored no recent reading. */
  readonly leaseHolderOffsetMs?: number;
}
