import { EventQueue } from '../event-queue.ts';
import { pauseMs } from '../pause.ts';

export interface InTurn {
  /** Milliseconds that one job takes. */
  readonly workMs: number;
  /** A caller that has waited this long leaves, and comes back after a pause. */
  readonly patienceMs: number;
  /** Milliseconds spent on a caller that has left: it shows only when something is written to it. */
  readonly wasteMs: number;
  readonly random: () => number;
  /** The end of the simulation: a caller that is not served by then is never served, because all time goes to callers that have left. */
  readonly horizonMs: number;
}

export interface Served {
  /** When each job was done, ascending; infinity for those that never were. */
  readonly doneAtMs: readonly number[];
  /** How often a caller left. */
  readonly timeouts: number;
}

/** One job after the other: what Node does with snapshots on a link that takes them as fast as it makes them. */
export function serveInTurn(
  arrivals: readonly number[],
  { workMs, patienceMs, wasteMs, random, horizonMs }: InTurn,
): Served {
  const queue = new EventQueue<number>();
  for (const atMs of arrivals) queue.add(atMs, 0);
  const doneAtMs: number[] = [];
  let freeAtMs = 0;
  let timeouts = 0;
  for (let job = queue.take(); job !== undefined; job = queue.take()) {
    const beginsAtMs = Math.max(freeAtMs, job.atMs);
    if (beginsAtMs > horizonMs) {
      doneAtMs.push(Number.POSITIVE_INFINITY);
      continue;
    }
    const isGone = beginsAtMs - job.atMs > patienceMs;
    freeAtMs = beginsAtMs + (isGone ? wasteMs : workMs);
    if (isGone) {
      timeouts += 1;
      queue.add(job.atMs + patienceMs + pauseMs(job.event, random), job.event + 1);
    } else doneAtMs.push(freeAtMs);
  }
  return { doneAtMs, timeouts };
}
