import type { Scene } from './scene.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { allBecause, describeLatencies, latencies, watchRefusal } from './steps/watch-refusal.ts';

export const refreshReplay: Scene = {
  letter: 'd',
  name: 'refresh-replay',
  title: 'A second use of a stolen refresh token revokes the whole grant',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const owner = newBrowser();
    const login = await owner.login('dave');
    const first = await owner.refresh(login.refreshToken);
    if (!first.ok) throw new Error(`the first refresh was refused: ${first.error}`);
    const { accessToken, refreshToken } = first.tokens;
    check(
      haveStatus(await callAll(send, world.replicas, accessToken), 200),
      'dave refreshes once, and his new token gets 200',
    );

    const watches = [watchRefusal(stage, login.accessToken), watchRefusal(stage, accessToken)];
    const sentAtMs = stage.nowMs();
    const replay = await newBrowser().refresh(login.refreshToken);
    const [ofFirst = [], ofSecond = []] = await Promise.all(watches.map((watch) => watch.refusals));
    const refusals = [...ofFirst, ...ofSecond];
    check(!replay.ok && replay.error === 'invalid_grant', 'a thief sends the stolen, used refresh token: refused');
    narrator.say('the issuer cannot distinguish owner and thief, so it ends the grant and revokes it.');
    narrator.say('time from the request of the thief to the first 401');
    narrator.say(`  of the access token of the login:   ${describeLatencies(ofFirst, sentAtMs)}`);
    narrator.say(`  of the access token of the refresh: ${describeLatencies(ofSecond, sentAtMs)}`);
    check(allBecause(refusals, /^revoked_grant$/), 'every replica refuses every access token of the grant');
    check(
      !(await owner.refresh(refreshToken)).ok,
      'the issuer refuses the refresh token of the owner, who signs in again',
    );
    return { firstRefusalMs: latencies(ofFirst, sentAtMs) };
  },
};
