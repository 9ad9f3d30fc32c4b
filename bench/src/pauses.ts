import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Pauses {
  /** Milliseconds since the last `forget`; a little more than 1 without a pause. */
  longestMs(): number;
  forget(): void;
  /** The probe runs a thousand times a second, which counts as work of this process. */
  stop(): void;
}

/** Measures how long the event loop of this process is blocked. */
export function watchPauses(): Pauses {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  return {
    longestMs: () => histogram.max / 1e6,
    forget: () => histogram.reset(),
    stop: () => void histogram.disable(),
  };
}
