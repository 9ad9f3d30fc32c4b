import type { World } from '../world.ts';

/** Time until the first progress line, and between two lines. */
export const progressMs = 2000;

/**
 * Waits for `task`. Every two seconds it writes a progress line to stderr, so that a slow server is not mistaken for a
 * hanging program. stdout holds results only.
 *
 * @param what completes the sentence "waiting for …"; must not contain credentials.
 */
export async function withProgress<T>(
  { clock, stderr }: Pick<World, 'clock' | 'stderr'>,
  what: string,
  task: Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const startedAtMs = clock.monotonicMs();
  const report = async () => {
    for (;;) {
      await clock.sleep(progressMs, done.signal);
      if (done.signal.aborted) return;
      stderr.write(`waiting for ${what} (${Math.round((clock.monotonicMs() - startedAtMs) / 1000)} s)\n`);
    }
  };
  void report();
  try {
    return await task;
  } finally {
    done.abort();
  }
}
