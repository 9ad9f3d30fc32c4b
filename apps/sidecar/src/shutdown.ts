import type { Clock } from '@revocast/denylist/replica';

/** What stopping touches, in the order in which it is called. */
export interface ShutdownSteps {
  /** Readiness goes, so that no new traffic comes. */
  markStopping(): void;
  /** Gives the heartbeat lease back, so that another sidecar beats at once and nobody becomes stale meanwhile. */
  stopHeartbeat?(): Promise<void>;
  /** Tells every reader to look for another sidecar. */
  sayGoodbye(): void;
  closeListeners(): Promise<void>;
  /** Stops following, leaves the registry of sidecars, and closes what was opened to the source. */
  closeSource(): Promise<void>;
}

export interface ShutdownOptions {
  readonly clock: Clock;
  /** Milliseconds: API processes beside a classic sidecar get the signal at the same moment and still need it. */
  readonly drainMs: number;
  readonly steps: ShutdownSteps;
  readonly onFailure?: (step: keyof ShutdownSteps, error: unknown) => void;
}

/** Milliseconds for any one step: a source that hangs must not make the orchestrator kill us. */
export const stepTimeoutMs = 2000;

/** Returns a function that stops everything once, however often it is called; it never rejects. */
export function createShutdown({ clock, drainMs, steps, onFailure }: ShutdownOptions): () => Promise<void> {
  let stopping: Promise<void> | undefined;

  const attempt = async (step: keyof ShutdownSteps): Promise<void> => {
    const done = new AbortController();
    try {
      await Promise.race([steps[step]?.(), clock.sleep(stepTimeoutMs, done.signal)]);
    } catch (error) {
      // The next step matters more than why this one failed.
      onFailure?.(step, error);
    } finally {
      done.abort();
    }
  };

  const stop = async (): Promise<void> => {
    steps.markStopping();
    await attempt('stopHeartbeat');
    if (drainMs > 0) await clock.sleep(drainMs);
    await attempt('sayGoodbye');
    await attempt('closeListeners');
    await attempt('closeSource');
  };

  return () => {
    stopping ??= stop();
    return stopping;
  };
}
