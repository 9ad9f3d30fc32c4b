import type { World } from './world.ts';

/** What takes longer says so, and again as often. */
export const progressMs = 2000;

/**
 * Waits for `task` and says every two seconds on stderr what is waited for, so that nobody takes a slow server for a
 * program that hangs. stdout stays for the result.
 *
 * @param what continues "waiting for …"; no address with credentials.
 */
export async function withProgress<T>(
  { clock, stderr }: Pick<World, 'clock' | 'stderr'>,
  what: string,
  task: Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const startedAtMs = clock.monotonicMs();
  const tell = async () => {
    for (;;) {
      await clock.sleep(progressMs, done.signal);
      if (done.signal.aborted) return;
      stderr.write(`waiting for ${what} (${Math.round((clock.monotonicMs() - startedAtMs) / 1000)} s)\n`);
    }
  };
  void tell();
  try {
    return await task;
  } finally {
    done.abort();
  }
}
