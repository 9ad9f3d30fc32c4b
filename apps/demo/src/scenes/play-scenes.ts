import type { Facts, Scene, Stage } from './scene.ts';

export interface PlayedScene {
  readonly letter: string;
  readonly name: string;
  readonly ok: boolean;
  /** What did not hold. */
  readonly problems: readonly string[];
  readonly facts: Facts;
}

/** Plays one scene after the other. A scene that throws or breaks a promise has failed; the next one plays all the same. */
export async function playScenes(scenes: readonly Scene[], stage: Omit<Stage, 'check'>): Promise<PlayedScene[]> {
  const played: PlayedScene[] = [];
  for (const scene of scenes) played.push(await playScene(scene, stage));
  return played;
}

async function playScene(scene: Scene, stage: Omit<Stage, 'check'>): Promise<PlayedScene> {
  const { letter, name, title } = scene;
  const { narrator } = stage;
  const problems: string[] = [];
  const check = (held: boolean, promise: string): void => {
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
