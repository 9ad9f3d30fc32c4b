/**
 * Time as this package sees it. The pure core never reads a clock of its own: it is handed one.
 *
 * Intervals (freshness, back-off) are measured on the monotonic clock, which a wall-clock step does not move; only
 * what is compared with claims (`exp`, `iat`) uses the wall clock.
 */
export interface Clock {
  /** Milliseconds of this host's monotonic clock; comparable between processes of one boot of one host. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as this host believes. */
  wallMs(): number;
  /**
   * Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects.
   *
   * @param keepAlive whether the process lives on for it: true when a caller awaits the outcome, false (the default) for
   *        what goes on by itself.
   */
  sleep(ms: number, signal?: AbortSignal, keepAlive?: boolean): Promise<void>;
}

/** A number in [0, 1), for jitter. */
export type Random = () => number;
