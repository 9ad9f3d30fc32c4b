import { type Clock, pauseTogether } from '../clock.ts';
import { restartInForce } from '../rules/log-restart.ts';
import type { Denylist } from '../table/denylist.ts';
import type { Freshness } from './freshness.ts';
import type { LogClock } from './log-clock.ts';
import type { ReplicationObserver } from './observer.ts';

const roundMs = 1000;
/** Rounds that visit every rule once: an ended rule is removed within a minute, however many there are. */
const sweepRounds = 60;
const slicesPerTurn = 32;

export interface HousekeepingOptions {
  readonly denylist: Denylist;
  readonly freshness: Freshness;
  readonly logClock: LogClock;
  readonly clock: Clock;
  readonly observer: ReplicationObserver;
  readonly maxTokenLifetimeSeconds: () => number;
  readonly signal: AbortSignal;
}

/** Once a second until `signal` aborts: reports what time alone has changed, and removes ended rules. Never rejects. */
export async function keepHouse(options: HousekeepingOptions): Promise<void> {
  const { denylist, freshness, logClock, clock, observer, signal } = options;
  let reportedRestart: number | undefined;
  while (!signal.aborted) {
    await pauseTogether(clock, roundMs, signal);
    freshness.assess();
    const restart = restartInForce(denylist.restart, logClock.claimSeconds());
    if (restart !== reportedRestart) observer.restartChanged?.(restart);
    reportedRestart = restart;
    await removeEnded(options);
  }
}

async function removeEnded(options: HousekeepingOptions): Promise<void> {
  const { denylist, logClock, clock, maxTokenLifetimeSeconds, signal } = options;
  const nowSeconds = logClock.agreedSeconds();
  if (nowSeconds === undefined) return;
  for (let slice = 0; slice < denylist.sweepSlices / sweepRounds; slice++) {
    denylist.forget(nowSeconds, maxTokenLifetimeSeconds());
    // A few milliseconds of work, then other tasks.
    if (slice % slicesPerTurn === slicesPerTurn - 1) await clock.sleep(0, signal);
  }
}
