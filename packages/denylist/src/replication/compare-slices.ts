import { type Clock, pauseTogether } from '../clock.ts';
import type { Denylist } from '../table/denylist.ts';
import type { Freshness } from './freshness.ts';
import type { LogClock } from './log-clock.ts';
import type { ReplicationObserver } from './observer.ts';
import { isWorthReseeding, type Reseed } from './reseed.ts';

/** Between two slices. A million rules are compared in 80 minutes. */
const pauseMs = 5000;

export interface CompareOptions {
  readonly denylist: Denylist;
  readonly freshness: Pick<Freshness, 'isFresh'>;
  readonly logClock: LogClock;
  readonly clock: Clock;
  readonly reseed: Reseed | undefined;
  readonly observer: ReplicationObserver;
  /** The log that is followed. `isMixed`: the denylist has rules of another one too, which do not belong into this one. */
  readonly log: () => { readonly identity: string | undefined; readonly isMixed: boolean };
  readonly maxTokenLifetimeSeconds: () => number;
  readonly signal: AbortSignal;
}

/**
 * Compares slice after slice of the denylist with the log until `signal` aborts, and appends what the log lacks: rules that
 * were pruned by a wrong clock, or deleted by hand, leave no entry behind. While the clocks disagree nothing is compared: a
 * pruner with a wrong clock would delete the same rules again. Never rejects.
 */
export async function compareSlices(options: CompareOptions): Promise<void> {
  const { denylist, clock, observer, signal } = options;
  let next = 0;
  while (!signal.aborted) {
    let appended = 0;
    try {
      appended = await compareSlice(options, next);
      next = (next + 1) % denylist.sweepSlices;
      if (appended > 0) observer.reseeded?.(appended);
    } catch (error) {
      observer.connectionFailed?.(error);
    }
    // One missing rule is seldom alone.
    if (appended === 0) await pauseTogether(clock, pauseMs, signal);
    else await clock.sleep(0, signal);
  }
}

/** @returns how many rules the log lacked. */
async function compareSlice(options: CompareOptions, index: number): Promise<number> {
  const { denylist, freshness, log, logClock, reseed, maxTokenLifetimeSeconds, signal } = options;
  const { identity, isMixed } = log();
  const nowSeconds = logClock.agreedSeconds();
  if (isMixed || reseed?.lacking === undefined || nowSeconds === undefined || !freshness.isFresh()) return 0;
  const kept = denylist
    .slice(index)
    .filter(({ rule }) => isWorthReseeding(rule, nowSeconds, maxTokenLifetimeSeconds()));
  const lacking = await reseed.lacking(kept, identity);
  return lacking.length === 0 ? 0 : await reseed.append(lacking, signal, identity);
}
