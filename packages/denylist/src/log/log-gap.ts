/** Milliseconds without a heartbeat after which the log may be a backup that was restored. */
export const maxGapMs = 60_000;
/** After such a gap, a sidecar has so many milliseconds to show that the log continues what it remembers. */
export const recoveryWaitMs = 15_000;
/**
 * Only an entry that is at most so many milliseconds older than the last one before the gap shows that. A process that
 * had stopped earlier cannot know what was logged after it, and would hide that a backup lacks it.
 */
export const witnessSpanMs = 10_000;
/** Milliseconds for which the entries before a gap are kept, for a sidecar that comes later. */
export const keptMs = 3_600_000;
