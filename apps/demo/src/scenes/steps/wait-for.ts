import type { Stage } from '../scene.ts';

const giveUpAfterMs = 40_000;

/** Waits until the condition holds. @returns the time. @throws Error after 40 s. */
export async function waitFor(
  stage: Pick<Stage, 'nowMs' | 'sleep'>,
  condition: () => Promise<boolean>,
): Promise<number> {
  const endsAtMs = stage.nowMs() + giveUpAfterMs;
  while (stage.nowMs() < endsAtMs) {
    if (await condition()) return stage.nowMs();
    await stage.sleep(50);
  }
  throw new Error(`the expected state was not reached within ${giveUpAfterMs} ms`);
}

/** Waits for the begin of a second of the wall clock, so that the next steps happen within one second. */
export async function startOfSecond({ wallMs, sleep }: Pick<Stage, 'wallMs' | 'sleep'>): Promise<void> {
  await sleep(1000 - (wallMs() % 1000) + 5);
}
