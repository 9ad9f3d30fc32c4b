import type { Tokens } from '../client/tokens.ts';
import type { Scene } from './scene.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { countPending } from './steps/operate-issuer.ts';
import { startOfSecond, waitFor } from './steps/wait-for.ts';

export const logoutOutage: Scene = {
  letter: 'i',
  name: 'logout-outage',
  title: 'Logouts while the log is down are noted, and logged once it is back',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const [kim, lee] = [newBrowser(), newBrowser()];
    const kims = await kim.login('kim');
    const lees = await lee.login('lee');
    const haveAll = async (status: number, ...tokens: Tokens[]): Promise<boolean> => {
      const answers = await Promise.all(tokens.map((each) => callAll(send, world.replicas, each.accessToken)));
      return haveStatus(answers.flat(), status);
    };
    check(await haveAll(200, kims, lees), 'before: 200 everywhere');

    await world.source.kill();
    narrator.say(`${world.source.description} is killed. kim signs out, and lee signs out everywhere.`);
    const sentAtMs = stage.nowMs();
    const [, state] = await Promise.all([kim.logout(kims.idToken), lee.signOutEverywhere()]);
    const answeredMs = Math.round(stage.nowMs() - sentAtMs);
    const pending = await countPending(stage);
    narrator.say(`the issuer answers after ${answeredMs} ms: its outbox holds ${pending} revocations for the log.`);
    check(state === 'pending' && pending === 3, 'pending: the grant and the session of kim, and the account of lee');
    check(!(await kim.refresh(kims.refreshToken)).ok, 'at the issuer both are signed out: it refuses a refresh');
    await startOfSecond(stage);
    const again = await newBrowser().login('lee');
    narrator.say('lee signs in again, while the log is still down.');

    const restartedAtMs = stage.nowMs();
    await world.source.restart();
    const loggedAtMs = await narrator.during('waiting until the outbox is empty', () =>
      waitFor(stage, async () => (await countPending(stage)) === 0),
    );
    const loggedAfterMs = Math.round(loggedAtMs - restartedAtMs);
    narrator.say(`logged: ${loggedAfterMs} ms after the log is started again, all three are in it.`);
    await narrator.during('waiting until every replica is fresh', () =>
      waitFor(stage, async () => (await haveAll(401, kims, lees)) && (await haveAll(200, again))),
    );
    check(true, 'every replica refuses the tokens of before');
    check(true, 'and accepts the new token of lee: a cutoff names the time of the event, and not that of the delivery');
    return { answeredMs, pending, loggedAfterMs };
  },
};
