import type { Clock } from '@revocast/denylist/replica';

interface WaitOptions {
  /** Requests `/readyz` once. False and a rejection both mean "not yet". */
  readonly isReady: () => Promise<boolean>;
  readonly clock: Clock;
  readonly maxMs: number;
}

const pauseMs = 200;

/**
 * Polls until the sidecar is ready or `maxMs` have passed, and returns whether it is ready.
 *
 * The caller starts its program in both cases. Without a sidecar an API still decides by its own policy; an API that
 * never starts is an outage.
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
