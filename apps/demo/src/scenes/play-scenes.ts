import type { Facts, Scene, Stage } from './scene.ts';

export interface PlayedScene {
  readonly letter: string;
  readonly name: string;
  readonly ok: boolean;
  /** Checks that failed, and errors. */
  readonly problems: readonly string[];
  readonly facts: Facts;
}

/**
 * Plays the scenes one after another. A scene fails when it throws or a check fails. The next scene is played also after
 * a failure, unless `signal` is aborted.
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
  const check = (held: boolean, expectation: string): void => {
    // The processes are being stopped, so a failure is not a failure of the product.
    if (signal.aborted) return;
    narrator.verdict(held, expectation);
    if (!held) problems.push(expectation);
  };
  narrator.scene(letter, title);
  let facts: Facts = {};
  try {
    facts = await scene.play({ ...stage, check });
  } catch (error) {
    check(false, error instanceof Error ? error.message : 'the scene failed');
  }
  return { letter, name, ok: problems.length === 0, problems, facts };
}
