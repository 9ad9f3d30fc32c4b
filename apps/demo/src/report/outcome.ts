import type { PlayedScene } from '../scenes/play-scenes.ts';

import type { World } from '../world/world.ts';

const nothingMeasured = { samples: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };

/** The JSON object of `--json`. It has the same members for any selection of scenes. */
export function describeOutcome(played: readonly PlayedScene[], world: Pick<World, 'replicas' | 'source'>): object {
  const load = played.find(({ facts }) => facts['revocation'] !== undefined)?.facts;
  return {
    ok: played.every(({ ok }) => ok),
    replicas: world.replicas.length,
    source: world.source.kind,
    revocation: load?.['revocation'] ?? nothingMeasured,
    exposed: load?.['exposed'] ?? 0,
    leaked: load?.['leaked'] ?? 0,
    scenes: played.map(({ name, ok, problems, facts }) => ({
      name,
      ok,
      problems: problems.length === 0 ? undefined : problems,
      ...facts,
    })),
  };
}
