import { type Clock, systemClock } from '@revocast/denylist/replica';

/** The system clock with an offset on the wall time. The monotonic time is not changed. */
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
