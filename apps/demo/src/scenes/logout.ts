import type { Scene, Stage } from './scene.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { allBecause, describeLatencies, latencies, watchRefusal } from './steps/watch-refusal.ts';

export const logout: Scene = {
  letter: 'b',
  name: 'logout',
  title: 'After a logout every replica refuses the access token',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const bob = newBrowser();
    const bobs = await bob.login('bob');
    const openingMs = await timeOf(stage, () => bob.logout(bobs.idToken));
    narrator.say(
      `bob signs out first (${openingMs.toFixed(1)} ms), which opens the connection from the issuer to the log.`,
    );

    const [laptop, phone] = [newBrowser(), newBrowser()];
    const tokens = await laptop.login('alice');
    const onPhone = await phone.login('alice');
    check(haveStatus(await callAll(send, world.replicas, tokens.accessToken), 200), 'before: 200 everywhere');

    const watch = watchRefusal(stage, tokens.accessToken);
    let sentAtMs = stage.nowMs();
    await laptop.logout(tokens.idToken, () => {
      sentAtMs = stage.nowMs();
    });
    const answeredMs = stage.nowMs() - sentAtMs;
    const refusals = await watch.refusals;
    narrator.say(`alice signs out on her laptop; the issuer answers after ${answeredMs.toFixed(1)} ms.`);
    narrator.say(`time from the request to the first 401: ${describeLatencies(refusals, sentAtMs)}`);
    // The logout revokes both, one after the other, and a request can arrive in between.
    check(allBecause(refusals, /^revoked_(session|grant)$/), 'it is refused because its session or grant is revoked');

    const refreshed = await laptop.refresh(tokens.refreshToken);
    check(!refreshed.ok && refreshed.error === 'invalid_grant', 'the issuer refuses a refresh afterwards');
    const others = await callAll(send, world.replicas, onPhone.accessToken);
    check(haveStatus(others, 200), 'her session on the phone is still accepted');
    return { firstRefusalMs: latencies(refusals, sentAtMs), refreshRefused: !refreshed.ok };
  },
};

async function timeOf({ nowMs }: Stage, work: () => Promise<void>): Promise<number> {
  const startedAtMs = nowMs();
  await work();
  return nowMs() - startedAtMs;
}
