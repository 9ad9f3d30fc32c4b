export interface AtOnce {
  /** Milliseconds that one job takes when it is alone. */
  readonly workMs: number;
  /** Jobs that can go on at full speed beside each other. */
  readonly width: number;
}

export interface ServedAtOnce {
  /** When each job was done, in the order of the arrivals. */
  readonly doneAtMs: readonly number[];
  /** Most jobs under way at once. */
  readonly mostAtOnce: number;
}

/**
 * All callers at once, each as fast as the others: a link, the cores of a host, the pages of a scan. The jobs are alike,
 * so they end in the order in which they came, and one pass over arrivals and ends suffices.
 *
 * @param arrivals ascending, in milliseconds.
 */
export function serveAtOnce(arrivals: readonly number[], { workMs, width }: AtOnce): ServedAtOnce {
  const doneAtMs: number[] = [];
  /** How much every job present has been given since the beginning, and at how much each one ends. */
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
