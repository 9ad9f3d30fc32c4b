import type { Clock } from '@revocast/denylist/replica';

export interface WaitOptions {
  /** Asks `/readyz` once; false or a rejection is "not yet". */
  readonly isReady: () => Promise<boolean>;
  readonly clock: Clock;
  readonly maxMs: number;
}

const pauseMs = 200;

/**
 * Whether the sidecar became ready within `maxMs`.
 *
 * The caller starts its program either way: an API that starts without a sidecar answers by its own policy, one that
 * never starts is an outage of our making.
 */
export async function waitUntilReady({ isReady, clock, maxMs }: WaitOptions): Promise<boolean> {
  const endsAtMs = clock.monotonicMs() + maxMs;
  for (;;) {
    if (await isReady().catch(() => false)) return true;
    const leftMs = endsAtMs - clock.monotonicMs();
    if (leftMs <= 0) return false;
    await clock.sleep(Math.min(pauseMs, leftMs));
  }
}
