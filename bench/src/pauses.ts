import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Pauses {
  /** Milliseconds, a little more than a millisecond when nothing paused. */
  longestMs(): number;
  forget(): void;
}

/** Watches how long the event loop of this process is blocked: no request is answered meanwhile. */
export function watchPauses(): Pauses {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  return { longestMs: () => histogram.max / 1e6, forget: () => histogram.reset() };
}
