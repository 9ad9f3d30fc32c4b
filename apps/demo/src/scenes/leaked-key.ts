import type { Scene } from './scene.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { forgeToken, kidOf, reportLeakedKey, rotateSigningKey } from './steps/operate-issuer.ts';
import { allBecause, describeLatencies, latencies, watchRefusal } from './steps/watch-refusal.ts';

export const leakedKey: Scene = {
  letter: 'f',
  name: 'leaked-key',
  title: 'A signing key leaks and is blocked by its kid',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const browser = newBrowser();
    const honest = await browser.login('frank');
    const kid = kidOf(honest.accessToken);
    await rotateSigningKey(stage);
    const newer = await newBrowser().login('grace');

    const forged = await forgeToken(stage, kid, honest.accessToken);
    narrator.say('an attacker has the key file and signs a token for "mallory", who has no account.');
    check(
      haveStatus(await callAll(send, world.replicas, forged), 200),
      'every replica accepts it, because the signature is valid',
    );

    const watch = watchRefusal(stage, forged);
    const sentAtMs = stage.nowMs();
    await reportLeakedKey(stage, kid);
    const refusals = await watch.refusals;
    narrator.say(`the operator reports the leak; time to the first 401: ${describeLatencies(refusals, sentAtMs)}`);
    check(allBecause(refusals, /^revoked_key$/), 'it is refused by key, long before a cached key set expires');
    const [old, fresh] = [
      await callAll(send, world.replicas, honest.accessToken),
      await callAll(send, world.replicas, newer.accessToken),
    ];
    check(haveStatus(old, 401), 'valid tokens of this key are refused, too, because they cannot be distinguished');
    const refreshed = await browser.refresh(honest.refreshToken);
    const again = refreshed.ok ? await callAll(send, world.replicas, refreshed.tokens.accessToken) : [];
    check(haveStatus(again, 200), 'their owners only need a refresh, and stay signed in');
    check(haveStatus(fresh, 200), 'tokens of the new key are still accepted');
    return { firstRefusalMs: latencies(refusals, sentAtMs) };
  },
};
