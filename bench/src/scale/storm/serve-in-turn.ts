import { EventQueue } from '../event-queue.ts';
import { pauseMs } from '../pause.ts';

export interface InTurn {
  /** Milliseconds of one job. */
  readonly workMs: number;
  /** A caller that has waited this long disconnects, and connects again after a pause. */
  readonly patienceMs: number;
  /** Milliseconds spent on a disconnected caller, which the server notices only when it writes. */
  readonly wasteMs: number;
  readonly random: () => number;
  /** The end of the simulation. A caller that is not served until then is never served. */
  readonly horizonMs: number;
}

export interface Served {
  /** End of each job, ascending; Infinity for jobs that do not end. */
  readonly doneAtMs: readonly number[];
  /** Number of disconnects of callers. */
  readonly timeouts: number;
}

/** One job after another, as Node serves snapshots on a link that is faster than it encodes them. */
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
