import type { Clock } from '@revocast/denylist/replica';

/** Reads a value at most once in this time; calls meanwhile share it, and a failure is not kept. */
export function cachedFor<Value>(
  ms: number,
  read: () => Promise<Value>,
  clock: Pick<Clock, 'monotonicMs'>,
): () => Promise<Value> {
  let kept: { readonly value: Promise<Value>; readonly untilMs: number } | undefined;
  return () => {
    if (kept !== undefined && clock.monotonicMs() < kept.untilMs) return kept.value;
    const value = read();
    const own = { value, untilMs: clock.monotonicMs() + ms };
    kept = own;
    value.catch(() => {
      if (kept === own) kept = undefined;
    });
    return value;
  };
}
