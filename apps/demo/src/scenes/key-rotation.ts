import type { Scene, Stage } from './scene.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { kidOf, rotateSigningKey } from './steps/operate-issuer.ts';

export const keyRotation: Scene = {
  letter: 'e',
  name: 'key-rotation',
  title: 'The signing key is rotated without an effect on users',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const before = await newBrowser().login('erin');
    const traffic = keepCalling(stage, before.accessToken);
    const kid = await rotateSigningKey(stage);
    const after = await newBrowser().login('erin');
    check(kidOf(after.accessToken) === kid && kid !== kidOf(before.accessToken), 'new tokens carry the new kid');
    const first = await callAll(send, world.replicas, after.accessToken);
    check(haveStatus(first, 200), 'each replica accepts the first new token, because it fetches the new key');
    const { calls, refused } = await traffic.stop();
    narrator.say(`${calls} requests with a token of the old key ran at the same time; ${refused} were refused.`);
    check(calls > 0 && refused === 0, 'the old key is still published, so its tokens are still accepted');
    return { requests: calls, refused };
  },
};

/** Calls all replicas again and again without a pause until `stop`. */
function keepCalling(
  { send, world }: Stage,
  accessToken: string,
): { stop(): Promise<{ calls: number; refused: number }> } {
  let running = true;
  let calls = 0;
  let refused = 0;
  const loop = (async () => {
    while (running) {
      const answers = await callAll(send, world.replicas, accessToken);
      calls += answers.length;
      refused += answers.filter(({ status }) => status !== 200).length;
    }
  })();
  return {
    async stop() {
      running = false;
      await loop;
      return { calls, refused };
    },
  };
}
