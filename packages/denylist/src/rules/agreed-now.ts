/** Clocks that are closer than this agree. */
export const agreementMs = 60_000;

/** A reading of the lease holder is used for this long after it was stored, by the log's clock. */
export const holderReadingLifetimeMs = 2500;
/** A reading may seem to come from the future by this much: the log's clock is corrected in small steps. */
export const holderReadingLeadMs = 500;

/** What a process says about its wall clock. */
export interface ClockReading {
  /** Unix milliseconds. */
  readonly wallMs: number;
  /** The boot of its host: two processes with the same one read the same clock. Empty: unknown. */
  readonly bootId: string;
}

/** All that the log can know about the time at one moment. */
export interface ClockReadings {
  /** The log's own clock: Redis `TIME`. */
  readonly logMs: number;
  /** The process that writes. Absent from writers of earlier versions. */
  readonly writer?: ClockReading;
  /** The process that writes heartbeats, with the log's time at which it stored its reading. */
  readonly leaseHolder?: ClockReading & { readonly logMs: number };
}

export interface AgreedNow {
  /** Absent when no two clocks agree: then no statement that depends on the time is possible. */
  readonly agreedMs?: number;
  readonly earliestMs: number;
  readonly latestMs: number;
}

/**
 * The time by which the log judges: the median of three clocks, the later of two, the log's own when there is no other.
 * One wrong clock can then neither deny future logins nor let revoked tokens live.
 */
export function agreedNow(readings: ClockReadings): AgreedNow {
  const clocks = countedClocks(readings).sort((a, b) => a - b);
  const [earliestMs = readings.logMs] = clocks;
  const latestMs = clocks.at(-1) ?? readings.logMs;
  // The middle one of three, the later one of two. Whichever two agree, its neighbour agrees with it.
  const middle = clocks.length >> 1;
  const agreedMs = clocks[middle] ?? readings.logMs;
  const neighbours = [clocks[middle - 1], clocks[middle + 1]];
  const isShared = neighbours.some((ms) => ms !== undefined && Math.abs(ms - agreedMs) <= agreementMs);
  return { agreedMs: isShared || clocks.length === 1 ? agreedMs : undefined, earliestMs, latestMs };
}

function countedClocks({ logMs, writer, leaseHolder }: ClockReadings): number[] {
  const clocks = [logMs];
  if (writer !== undefined) clocks.push(writer.wallMs);
  if (leaseHolder !== undefined && isIndependent(leaseHolder, writer) && isRecent(leaseHolder.logMs, logMs)) {
    clocks.push(leaseHolder.wallMs + (logMs - leaseHolder.logMs));
  }
  return clocks;
}

/** Two processes of one host have one clock, which must not count twice. */
function isIndependent(leaseHolder: ClockReading, writer: ClockReading | undefined): boolean {
  if (writer === undefined) return true;
  return leaseHolder.bootId !== '' && writer.bootId !== '' && leaseHolder.bootId !== writer.bootId;
}

/**
 * After a failover to a Redis with another clock, the difference to the reading's own stamp would copy the error of the
 * log, and two wrong clocks would win.
 */
function isRecent(storedAtMs: number, logMs: number): boolean {
  return logMs - storedAtMs >= -holderReadingLeadMs && logMs - storedAtMs <= holderReadingLifetimeMs;
}
