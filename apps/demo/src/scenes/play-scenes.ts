import type { Facts, Scene, Stage } from './scene.ts';

export interface PlayedScene {
  readonly letter: string;
  readonly name: string;
  readonly ok: boolean;
  /** What did not hold. */
  readonly problems: readonly string[];
  readonly facts: Facts;
}

/**
 * Plays one scene after the other. A scene that throws or breaks a promise has failed; the next one plays all the same,
 * unless `signal` calls it off.
 */
export async function playScenes(
  scenes: readonly Scene[],
  stage: Omit<Stage, 'check'>,
  signal: AbortSignal,
): Promise<PlayedScene[]> {
  const played: PlayedScene[] = [];
  for (const scene of scenes) {
    if (!signal.aborted) played.push(await playScene(scene, stage, signal));
  }
  return played;
}

async function playScene(scene: Scene, stage: Omit<Stage, 'check'>, signal: AbortSignal): Promise<PlayedScene> {
  const { letter, name, title } = scene;
  const { narrator } = stage;
  const problems: string[] = [];
  const check = (held: boolean, promise: string): void => {
    // The stage is being taken down: whatever breaks now says nothing about the product.
    if (signal.aborted) return;
    narrator.verdict(held, promise);
    if (!held) problems.push(promise);
  };
  narrator.scene(letter, title);
  let facts: Facts = {};
  try {
    facts = await scene.play({ ...stage, check });
  } catch (error) {
    check(false, error instanceof Error ? error.message : 'the scene broke off');
  }
  return { letter, name, ok: problems.length === 0, problems, facts };
}
