import type { Scene } from './scene.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { allBecause, describeLatencies, latencies, watchRefusal } from './steps/watch-refusal.ts';

export const refreshReplay: Scene = {
  letter: 'd',
  name: 'refresh-replay',
  title: 'A stolen refresh token is used a second time, and the whole grant dies',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const owner = newBrowser();
    const login = await owner.login('dave');
    const first = await owner.refresh(login.refreshToken);
    if (!first.ok) throw new Error(`the first refresh was refused: ${first.error}`);
    const { accessToken, refreshToken } = first.tokens;
    check(
      haveStatus(await callAll(send, world.replicas, accessToken), 200),
      'dave refreshed once; his new token works',
    );

    const watches = [watchRefusal(stage, login.accessToken), watchRefusal(stage, accessToken)];
    const sentAtMs = stage.nowMs();
    const replay = await newBrowser().refresh(login.refreshToken);
    const refusals = (await Promise.all(watches.map((watch) => watch.refusals))).flat();
    check(!replay.ok && replay.error === 'invalid_grant', 'a thief sends the refresh token he stole before: refused');
    narrator.say('the issuer cannot tell owner from thief, so it ends the grant; its `grant.revoked` event revokes.');
    narrator.say(`first 401 of both access tokens: ${describeLatencies(refusals, sentAtMs)}`);
    check(allBecause(refusals, /^revoked_grant$/), 'every access token of the grant dies in every replica');
    check(!(await owner.refresh(refreshToken)).ok, 'so does the owner’s refresh token: he signs in again');
    return { firstRefusalMs: latencies(refusals.slice(0, world.replicas.length), sentAtMs) };
  },
};
