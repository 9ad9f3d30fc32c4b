import type { Scene, Stage } from './scene.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { allBecause, describeLatencies, latencies, watchRefusal } from './steps/watch-refusal.ts';

export const logout: Scene = {
  letter: 'b',
  name: 'logout',
  title: 'A logout kills the access token in every replica',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const bob = newBrowser();
    const bobs = await bob.login('bob');
    const openingMs = await timeOf(stage, () => bob.logout(bobs.idToken));
    narrator.say(
      `bob signs out first (${openingMs.toFixed(1)} ms): the issuer opens its connection to the log for him.`,
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
    narrator.say(`she presses "Sign out" on her laptop; the issuer has answered after ${answeredMs.toFixed(1)} ms.`);
    narrator.say(`first 401, counted from the button: ${describeLatencies(refusals, sentAtMs)}`);
    // The logout revokes both, one after the other; a request may meet the first alone.
    check(allBecause(refusals, /^revoked_(session|grant)$/), 'refused because session or grant is revoked');

    const refreshed = await laptop.refresh(tokens.refreshToken);
    check(!refreshed.ok && refreshed.error === 'invalid_grant', 'a refresh afterwards is refused by the issuer');
    const others = await callAll(send, world.replicas, onPhone.accessToken);
    check(haveStatus(others, 200), 'her session on the phone lives on');
    return { firstRefusalMs: latencies(refusals, sentAtMs), refreshRefused: !refreshed.ok };
  },
};

async function timeOf({ nowMs }: Stage, work: () => Promise<void>): Promise<number> {
  const startedAtMs = nowMs();
  await work();
  return nowMs() - startedAtMs;
}
