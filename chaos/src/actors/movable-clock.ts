import { type Clock, systemClock } from '@revocast/denylist/replica';

/** The clock of this machine, whose wall time can be moved while the monotonic one goes on. */
export interface MovableClock extends Clock {
  move(offsetMs: number): void;
}

export function movableClock(initialOffsetMs: number): MovableClock {
  let offsetMs = initialOffsetMs;
  return {
    ...systemClock,
    wallMs: () => systemClock.wallMs() + offsetMs,
    move(next) {
      offsetMs = next;
    },
  };
}
