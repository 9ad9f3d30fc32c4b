export interface AtOnce {
  /** Milliseconds of one job without other jobs. */
  readonly workMs: number;
  /** Number of jobs that can run at full speed at the same time. */
  readonly width: number;
}

export interface ServedAtOnce {
  /** End of each job, in the order of the arrivals. */
  readonly doneAtMs: readonly number[];
  /** Maximum number of jobs at the same time. */
  readonly mostAtOnce: number;
}

/**
 * Processor sharing: all jobs progress at the same speed, as on a link, on the cores of a host or in a scan by pages. All
 * jobs have the same size, so they end in the order of arrival, and one pass over arrivals and ends is sufficient.
 *
 * @param arrivals ascending, in milliseconds.
 */
export function serveAtOnce(arrivals: readonly number[], { workMs, width }: AtOnce): ServedAtOnce {
  const doneAtMs: number[] = [];
  /** The work that each present job has received since time 0, and the amount at which each job ends. */
  let given = 0;
  const ends: number[] = [];
  let now = 0;
  let mostAtOnce = 0;
  while (doneAtMs.length < arrivals.length) {
    const present = ends.length - doneAtMs.length;
    const speed = present === 0 ? 0 : Math.min(1, width / present);
    const nextArrival = arrivals[ends.length] ?? Number.POSITIVE_INFINITY;
    const firstEnd = ends[doneAtMs.length];
    const nextEnd = firstEnd === undefined ? Number.POSITIVE_INFINITY : now + (firstEnd - given) / speed;
    if (firstEnd !== undefined && nextEnd <= nextArrival) {
      given = firstEnd;
      now = nextEnd;
      doneAtMs.push(now);
    } else {
      given += Math.max(0, nextArrival - now) * speed;
      now = Math.max(now, nextArrival);
      ends.push(given + workMs);
      mostAtOnce = Math.max(mostAtOnce, present + 1);
    }
  }
  return { doneAtMs, mostAtOnce };
}
