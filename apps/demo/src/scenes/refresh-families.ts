import { createFamilyClient, type FamilyAnswer, type SignedIn } from '../client/family-client.ts';
import type { Scene, Stage } from './scene.ts';
import { type ApiAnswer, callAll, haveStatus } from './steps/call-api.ts';
import { allBecause, describeLatencies, latencies, watchRefusal } from './steps/watch-refusal.ts';

export const refreshFamilies: Scene = {
  letter: 'j',
  name: 'refresh-families',
  title: 'Refresh families: two tabs, a lost answer, and a thief',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const bob = newBrowser();
    await bob.logout((await bob.login('bob')).idToken);
    narrator.say('bob signs out first, which opens the connection from the issuer to the log.');
    const { login, refresh } = createFamilyClient(world.issuerUrl, send);
    narrator.say(
      'olivia signs in at an endpoint without oidc-provider. Her refresh token is in a cookie, and a thief copies it.',
    );
    const signedIn = await login('olivia');

    const tabs = (await Promise.all([refresh(signedIn.cookie), refresh(signedIn.cookie)])).map(accepted);
    const [current = signedIn] = tabs;
    check(areSame(tabs), 'two tabs refresh at once: both get the same new refresh token');

    const lost = accepted(await refresh(current.cookie));
    const retried = accepted(await refresh(current.cookie));
    check(areSame([lost, retried]), 'an answer is lost, and the browser asks again: the same new refresh token again');
    const tokens = [signedIn, ...tabs, lost, retried].map(({ accessToken }) => accessToken);
    const before = await callWithEach(stage, tokens);
    check(haveStatus(before, 200), `she is signed in: her ${tokens.length} access tokens get 200`);

    const watches = [watchRefusal(stage, signedIn.accessToken), watchRefusal(stage, retried.accessToken)];
    const sentAtMs = stage.nowMs();
    const theft = await refresh(signedIn.cookie);
    const answeredMs = stage.nowMs() - sentAtMs;
    const [ofFirst = [], ofLatest = []] = await Promise.all(watches.map((watch) => watch.refusals));
    check(isRefused(theft), 'the thief sends the copy, which was spent two refreshes ago: refused, and found out');
    narrator.say(`the issuer answers after ${answeredMs.toFixed(1)} ms, and the family has ended.`);
    narrator.say('time from the request of the thief to the first 401');
    narrator.say(`  of the access token of the login:  ${describeLatencies(ofFirst, sentAtMs)}`);
    narrator.say(`  of the latest access token:        ${describeLatencies(ofLatest, sentAtMs)}`);
    const isDead = allBecause([...ofFirst, ...ofLatest], /^revoked_grant$/);
    const after = await callWithEach(stage, tokens);
    check(isDead && haveStatus(after, 401), 'every replica refuses every access token of the family');
    check(
      isRefused(await refresh(retried.cookie)),
      'the issuer refuses the refresh token of olivia, who signs in again',
    );
    const again = await login('olivia');
    check(haveStatus(await callAll(send, world.replicas, again.accessToken), 200), 'her new access token gets 200');
    return { revokedTokens: tokens.length, firstRefusalMs: latencies(ofLatest, sentAtMs) };
  },
};

function accepted(answer: FamilyAnswer): SignedIn {
  if (!answer.ok) throw new Error(`a refresh was refused: ${answer.error}`);
  return answer;
}

function isRefused(answer: FamilyAnswer): boolean {
  return !answer.ok && answer.error === 'invalid_grant';
}

/** Whether all have the same refresh token. */
function areSame(browsers: readonly SignedIn[]): boolean {
  return new Set(browsers.map(({ cookie }) => cookie)).size === 1;
}

/** The answers of all replicas to all tokens. */
async function callWithEach({ send, world }: Stage, tokens: readonly string[]): Promise<ApiAnswer[]> {
  return (await Promise.all(tokens.map((token) => callAll(send, world.replicas, token)))).flat();
}
