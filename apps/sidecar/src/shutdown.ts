import type { Clock } from '@revocast/denylist/replica';

/** The steps of stopping, in the order in which they run. */
export interface ShutdownSteps {
  /** Makes the readiness probe fail, so that no new traffic arrives. */
  markStopping(): void;
  /** Releases the heartbeat lease, so that another sidecar writes the next heartbeat before any replica is stale. */
  stopHeartbeat?(): Promise<void> | undefined;
  /** Ends the stream of each reader with a request to connect to another sidecar. */
  sayGoodbye?(): void;
  closeListeners(): Promise<void>;
  /** Stops replication, removes this sidecar from the registry of sidecars, and closes the source. */
  closeSource(): Promise<void>;
}

interface ShutdownOptions {
  readonly clock: Clock;
  /** Milliseconds to keep serving: an API process beside this sidecar gets its signal at the same time. */
  readonly drainMs: number;
  readonly steps: ShutdownSteps;
  readonly onFailure?: (step: keyof ShutdownSteps, error: unknown) => void;
}

/** Milliseconds for one step. Without a limit, a source that hangs would let the orchestrator kill this process. */
export const stepTimeoutMs = 2000;

/** Returns a function that runs all steps once; further calls return the same promise. It never rejects. */
export function createShutdown({ clock, drainMs, steps, onFailure }: ShutdownOptions): () => Promise<void> {
  let stopping: Promise<void> | undefined;

  const attempt = async (step: keyof ShutdownSteps): Promise<void> => {
    const done = new AbortController();
    try {
      await Promise.race([steps[step]?.(), clock.sleep(stepTimeoutMs, done.signal)]);
    } catch (error) {
      // A failed step must not prevent the next one.
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
