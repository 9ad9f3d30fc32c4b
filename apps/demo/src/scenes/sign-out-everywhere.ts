import type { OauthClient } from '../client/oauth-client.ts';
import type { Tokens } from '../client/tokens.ts';
import type { Scene, Stage } from './scene.ts';
import { type ApiAnswer, callAll, haveStatus } from './steps/call-api.ts';
import { allBecause, describeLatencies, latencies, watchRefusal } from './steps/watch-refusal.ts';

export const signOutEverywhere: Scene = {
  letter: 'c',
  name: 'sign-out-everywhere',
  title: '"Sign out everywhere" kills every token of one person',
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
    const refusals = (await Promise.all(watches.map((watch) => watch.refusals))).flat();
    narrator.say(`first 401 of the laptop’s and the phone’s token: ${describeLatencies(refusals, sentAtMs)}`);
    check(allBecause(refusals, /^revoked_subject$/), 'both die in every replica, by subject');
    check(!(await phone.refresh(onPhone.refreshToken)).ok, 'a refresh on the phone is refused');
    check(haveStatus(await callAll(send, world.replicas, bobs.accessToken), 200), 'bob notices nothing');

    const { tokens, browser } = again;
    narrator.say('she signs in again at once. A cutoff is inclusive and `iat` counts whole seconds, so a token of the');
    narrator.say('very same second cannot be told from a stolen one: refused once, and the client refreshes.');
    check(isRefused(again.answers), 'the login of the same second is refused once');
    await startOfSecond(stage);
    const refreshed = await browser.refresh(tokens.refreshToken);
    const after = refreshed.ok ? await callAll(send, world.replicas, refreshed.tokens.accessToken) : [];
    check(haveStatus(after, 200), 'and works from the next second on');
    return {
      firstRefusalMs: latencies(refusals.slice(0, world.replicas.length), sentAtMs),
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

/** Waits until a new second of the wall clock has just begun, so that what follows happens within one. */
async function startOfSecond({ wallMs, sleep }: Stage): Promise<void> {
  await sleep(1000 - (wallMs() % 1000) + 5);
}
