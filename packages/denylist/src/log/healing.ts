/** How long a log that began empty answers "unknown": in this time every sidecar writes back the rules that it holds. */
export const healingMs = 15_000;
/** As many heartbeats of lease holders, two in a second: a second clock, so that one that steps ahead does not end it early. */
export const healingBeats = 30;

/** The state of a log in Redis, as its keys have it. */
export interface HealingState {
  /** Milliseconds of the log's clock; 0 for ever after the healing has ended. */
  readonly healUntilMs: number;
  /** Counted heartbeats; undefined in a log that the last release created. */
  readonly beats: number | undefined;
  /** The last heartbeat was written by a version that counts: otherwise the count stands still, and the time decides. */
  readonly isCounted: boolean;
}

/** Whether "not found" is no answer yet. */
export function isHealing({ healUntilMs, beats, isCounted }: HealingState, logMs: number): boolean {
  return logMs < healUntilMs || (isCounted && beats !== undefined && beats < healingBeats);
}
