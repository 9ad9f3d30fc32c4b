import type { OauthClient } from '../client/oauth-client.ts';
import type { Tokens } from '../client/tokens.ts';
import type { Scene, Stage } from './scene.ts';
import { type ApiAnswer, callAll, haveStatus } from './steps/call-api.ts';
import { startOfSecond } from './steps/wait-for.ts';
import { allBecause, describeLatencies, latencies, watchRefusal } from './steps/watch-refusal.ts';

export const signOutEverywhere: Scene = {
  letter: 'c',
  name: 'sign-out-everywhere',
  title: '"Sign out everywhere" revokes every token of one user',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const [laptop, phone] = [newBrowser(), newBrowser()];
    const onLaptop = await laptop.login('carol');
    const onPhone = await phone.login('carol');
    const bobs = await newBrowser().login('bob');

    await startOfSecond(stage);
    const watches = [watchRefusal(stage, onLaptop.accessToken), watchRefusal(stage, onPhone.accessToken)];
    let sentAtMs = stage.nowMs();
    await laptop.signOutEverywhere(() => {
      sentAtMs = stage.nowMs();
    });
    const again = await loginAtOnce(stage, newBrowser());
    const [ofLaptop = [], ofPhone = []] = await Promise.all(watches.map((watch) => watch.refusals));
    const refusals = [...ofLaptop, ...ofPhone];
    narrator.say('time from her request to the first 401');
    narrator.say(`  of the token on the laptop: ${describeLatencies(ofLaptop, sentAtMs)}`);
    narrator.say(`  of the token on the phone:  ${describeLatencies(ofPhone, sentAtMs)}`);
    check(allBecause(refusals, /^revoked_subject$/), 'every replica refuses both tokens by subject');
    check(!(await phone.refresh(onPhone.refreshToken)).ok, 'the issuer refuses a refresh on the phone');
    check(haveStatus(await callAll(send, world.replicas, bobs.accessToken), 200), 'the token of bob still gets 200');

    const { tokens, browser } = again;
    narrator.say(
      'carol signs in again immediately. A cutoff is inclusive and `iat` has whole seconds, so a new token of the same ' +
        'second cannot be distinguished from a stolen one. It is refused, and the client refreshes.',
    );
    check(isRefused(again.answers), 'the new token of the same second is refused');
    await startOfSecond(stage);
    const refreshed = await browser.refresh(tokens.refreshToken);
    const after = refreshed.ok ? await callAll(send, world.replicas, refreshed.tokens.accessToken) : [];
    check(haveStatus(after, 200), 'a token of the next second gets 200');
    return {
      firstRefusalMs: latencies(ofLaptop, sentAtMs),
      sameSecondRefused: isRefused(again.answers),
    };
  },
};

interface Again {
  readonly browser: OauthClient;
  readonly tokens: Tokens;
  readonly answers: readonly ApiAnswer[];
}

async function loginAtOnce(stage: Stage, browser: OauthClient): Promise<Again> {
  const tokens = await browser.login('carol');
  return { browser, tokens, answers: await callAll(stage.send, stage.world.replicas, tokens.accessToken) };
}

function isRefused(answers: readonly ApiAnswer[]): boolean {
  return haveStatus(answers, 401) && answers.every(({ reason }) => reason === 'revoked_subject');
}
