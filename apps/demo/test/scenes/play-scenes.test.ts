import { describe, expect, it } from '@jest/globals';
import { describeOutcome } from '../../src/report/outcome.ts';
import { allScenes } from '../../src/scenes/all-scenes.ts';
import { playScenes } from '../../src/scenes/play-scenes.ts';
import type { Facts, Scene, Stage } from '../../src/scenes/scene.ts';

const scene = (name: string, play: Scene['play']): Scene => ({ letter: name, name, title: name, play });
const good = (facts: Facts = {}): Scene =>
  scene('good', async ({ check }) => {
    check(true, 'it held');
    return facts;
  });
const broken = scene('broken', async ({ check }) => {
  check(false, 'it held');
  return { seen: 1 };
});
const throwing = scene('throwing', async () => Promise.reject(new Error('api-2 still answers 200')));

const quiet: Stage['narrator'] = {
  scene: () => undefined,
  say: () => undefined,
  verdict: () => undefined,
  block: () => undefined,
  during: (_what, work) => work(() => undefined),
};
const stage = { narrator: quiet } as Stage; // the scenes above use only the narrator
const { signal } = new AbortController();
const world: Parameters<typeof describeOutcome>[1] = {
  replicas: ['api-1', 'api-2', 'api-3'].map((name) => ({
    name,
    url: 'http://127.0.0.1:1',
    sidecarUrl: 'http://127.0.0.1:2',
    consoleUrl: 'http://127.0.0.1:3/console',
  })),
  source: {
    kind: 'redis',
    description: 'Redis',
    pid: () => undefined,
    kill: async () => undefined,
    restart: async () => undefined,
  },
};

describe('playing scenes', () => {
  it('fails a scene with a failed check, keeps its facts and plays the next scene', async () => {
    const played = await playScenes([broken, good()], stage, signal);
    expect(played.map(({ name, ok }) => [name, ok])).toEqual([
      ['broken', false],
      ['good', true],
    ]);
    expect(played[0]).toMatchObject({ problems: ['it held'], facts: { seen: 1 } });
  });

  it('fails a scene that throws, and reports the error', async () => {
    const [played] = await playScenes([throwing], stage, signal);
    expect(played).toMatchObject({ ok: false, problems: ['api-2 still answers 200'], facts: {} });
  });

  it('stops when the signal is aborted, and ignores later failures', async () => {
    const controller = new AbortController();
    const interrupted = scene('interrupted', async ({ check }) => {
      controller.abort();
      check(false, 'it held');
      throw new Error('connect ECONNREFUSED');
    });
    const played = await playScenes([interrupted, broken], stage, controller.signal);
    expect(played).toEqual([{ letter: 'interrupted', name: 'interrupted', ok: true, problems: [], facts: {} }]);
  });

  it('is ok only when every scene is ok', async () => {
    expect(describeOutcome(await playScenes([good(), good()], stage, signal), world)).toMatchObject({ ok: true });
    expect(describeOutcome(await playScenes([good(), throwing], stage, signal), world)).toMatchObject({ ok: false });
  });
});

describe('the outcome', () => {
  const revocation = { samples: 600, p50Ms: 3, p99Ms: 12, maxMs: 20 };

  it('has the figures of the scene under load, and every scene by name', async () => {
    const played = await playScenes([good(), good({ revocation, exposed: 7, leaked: 0 })], stage, signal);
    expect(describeOutcome(played, world)).toEqual({
      ok: true,
      replicas: 3,
      source: 'redis',
      revocation,
      exposed: 7,
      leaked: 0,
      scenes: [
        { name: 'good', ok: true },
        { name: 'good', ok: true, revocation, exposed: 7, leaked: 0 },
      ],
    });
  });

  it('has the same members without measurements', async () => {
    const outcome = describeOutcome(await playScenes([broken], stage, signal), world);
    expect(outcome).toMatchObject({ ok: false, revocation: { samples: 0 }, exposed: 0, leaked: 0 });
  });
});

describe('the scenes', () => {
  it('have the letters a to j and different names', () => {
    expect(allScenes.map(({ letter }) => letter).join('')).toBe('abcdefghij');
    expect(new Set(allScenes.map(({ name }) => name)).size).toBe(allScenes.length);
  });
});
