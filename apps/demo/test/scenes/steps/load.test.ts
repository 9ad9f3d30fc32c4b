import { afterEach, describe, expect, it } from '@jest/globals';
import type { Stage } from '../../../src/scenes/scene.ts';
import { type Load, startLoad, type Target } from '../../../src/scenes/steps/load.ts';

const replica = (name: string) => ({ name, url: `http://${name}`, sidecarUrl: `http://${name}`, consoleUrl: '' });
const target = (accessToken: string): Target => ({ accessToken, refusedAtMs: new Map() });

const loads: Load[] = [];
const start: typeof startLoad = (...parameters) => {
  const load = startLoad(...parameters);
  loads.push(load);
  return load;
};
// A load that is not stopped would keep the process running.
afterEach(async () => {
  await Promise.all(loads.splice(0).map((load) => load.stop()));
});

/** A stage whose time advances only in `sleep`, and whose replicas answer with the status from `answer`. */
function setStage(answer: (url: string, token: string, atMs: number) => number) {
  let nowMs = 0;
  const sent: string[] = [];
  const stage = {
    world: { replicas: [replica('api-1'), replica('api-2')] },
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    send: async (url: string, request: { headers: { authorization: string } }) => {
      const token = request.headers.authorization.slice('Bearer '.length);
      sent.push(`${new URL(url).host} ${token}`);
      return { status: answer(url, token, nowMs), headers: {}, body: '{}' };
    },
  } as unknown as Stage; // the part that the load uses
  const passUntil = async (ms: number): Promise<void> => {
    while (nowMs < ms) await new Promise((resolve) => setImmediate(resolve));
  };
  return { stage, sent, passUntil };
}

describe('the load', () => {
  it('keeps its rate, and distributes requests over replicas and tokens', async () => {
    const { stage, sent, passUntil } = setStage(() => 200);
    const load = start(stage, [target('a'), target('b')], 400);
    await passUntil(1000);
    const { requests, requestsPerSecond } = await load.stop();
    expect(sent.slice(0, 4)).toEqual(['api-1 a', 'api-2 a', 'api-1 b', 'api-2 b']);
    expect(requests).toBeGreaterThanOrEqual(396);
    expect(Math.abs(requestsPerSecond - 400)).toBeLessThanOrEqual(8);
  });

  it('records the first refusal of a token by each replica', async () => {
    const { stage, passUntil } = setStage((url, _token, atMs) => (url.includes('api-2') && atMs >= 50 ? 401 : 200));
    const a = target('a');
    const load = start(stage, [a], 400);
    await passUntil(200);
    await load.stop();
    expect([...a.refusedAtMs.keys()]).toEqual(['api-2']);
    expect(a.refusedAtMs.get('api-2')).toBeGreaterThanOrEqual(50);
    expect(a.refusedAtMs.get('api-2')).toBeLessThanOrEqual(70);
  });

  it('counts a token that a replica accepts again after refusing it', async () => {
    let status = 401;
    const { stage, passUntil } = setStage(() => status);
    const a = target('a');
    const load = start(stage, [a], 400);
    await passUntil(50);
    expect(a.refusedAtMs.size).toBe(2);
    status = 200;
    await passUntil(100);
    expect((await load.stop()).acceptedAfterRefusal).toBeGreaterThan(0);
  });

  it('probes a token at a fixed interval until a replica refuses it, also while no answer comes', async () => {
    const { stage, sent } = setStage((url, _token, atMs) => (url.includes('api-2') && atMs >= 20 ? 401 : 200));
    const [, second] = stage.world.replicas;
    if (second === undefined) throw new Error('expected a second replica');
    // The rate is so low that only the probes are sent.
    const load = start(stage, [target('a')], 0.001);
    const a = target('a');
    await load.probe(second, a, 1000);
    expect(sent.filter((line) => line === 'api-2 a').length).toBeGreaterThanOrEqual(3);
    expect(a.refusedAtMs.get('api-2')).toBeLessThanOrEqual(30);
    expect(Math.min(...(await load.stop()).lagsMs)).toBeGreaterThanOrEqual(0);
  });

  it('gives up on a replica that goes on to accept', async () => {
    const { stage } = setStage(() => 200);
    const [first] = stage.world.replicas;
    if (first === undefined) throw new Error('expected a replica');
    const load = start(stage, [target('a')], 0.001);
    await expect(load.probe(first, target('a'), 100)).rejects.toThrow('api-1 accepts a revoked token after 100 ms');
  });

  it('counts a broken connection as neither accepted nor refused', async () => {
    const { stage, passUntil } = setStage(() => {
      throw new Error('ECONNRESET');
    });
    const load = start(stage, [target('a')], 100);
    await passUntil(100);
    const { statuses } = await load.stop();
    expect([...statuses.keys()]).toEqual([0]);
  });
});
