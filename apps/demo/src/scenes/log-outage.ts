import type { Scene } from './scene.ts';
import { type ApiAnswer, callAll, haveStatus } from './steps/call-api.ts';
import { rulesHeld } from './steps/scrape.ts';
import { waitFor } from './steps/wait-for.ts';

export const logOutage: Scene = {
  letter: 'g',
  name: 'log-outage',
  title: 'The process that holds the revocation log is killed',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const good = (await newBrowser().login('heidi')).accessToken;
    const bad = (await newBrowser().login('ivan')).accessToken;
    await world.publisher.revokeToken(bad, { reason: 'admin' });
    const isRefused = async (): Promise<boolean> => haveStatus(await callAll(send, world.replicas, bad), 401);
    const tally = newTally();
    await waitFor(stage, isRefused);
    const rules = Math.max(...(await rulesHeld(stage)));

    await world.source.kill();
    const killedAtMs = stage.nowMs();
    narrator.say(`${world.source.description} is killed with SIGKILL.`);
    check(
      haveStatus(tally.add(await callAll(send, world.replicas, good)), 200),
      'good tokens still get 200, because the feed is still fresh',
    );
    check(await isRefused(), 'a token with a known revocation still gets 401');

    const unavailable = await narrator.during('waiting until no replica is fresh', () =>
      waitFor(stage, async () => haveStatus(tally.add(await callAll(send, world.replicas, good)), 503)),
    );
    const answers = tally.add(await callAll(send, world.replicas, good));
    narrator.say(`after ${seconds(unavailable - killedAtMs)} all replicas answer 503, because the verdict is unknown.`);
    check(
      answers.every(
        ({ status, retryAfter, error }) => status === 503 && retryAfter !== undefined && error === undefined,
      ),
      'with Retry-After and without a challenge, so that clients keep their tokens',
    );
    check(await isRefused(), 'a token with a known revocation still gets 401');

    const restartedAtMs = stage.nowMs();
    await world.source.restart();
    const back = await narrator.during('waiting for the recovery', () =>
      waitFor(stage, async () => haveStatus(tally.add(await callAll(send, world.replicas, good)), 200)),
    );
    narrator.say(
      `it is started again; ${seconds(back - restartedAtMs)} later all replicas accept good tokens, without intervention.`,
    );
    check(await isRefused(), 'the token revoked before the outage still gets 401');
    await waitFor(stage, async () => (await rulesHeld(stage)).every((held) => held >= rules));
    check(rules > 0, `every sidecar holds all ${rules} rules again`);
    const late = (await newBrowser().login('judy')).accessToken;
    await world.publisher.revokeToken(late, { reason: 'admin' });
    await waitFor(stage, async () => haveStatus(await callAll(send, world.replicas, late), 401));
    check(true, 'a new revocation reaches all replicas');
    check(
      tally.statuses().every((status) => status === 200 || status === 503),
      'no good token got a 401 at any time',
    );
    return {
      unavailableAfterMs: Math.round(unavailable - killedAtMs),
      recoveredAfterMs: Math.round(back - restartedAtMs),
    };
  },
};

function newTally(): { add(answers: ApiAnswer[]): ApiAnswer[]; statuses(): number[] } {
  const seen = new Set<number>();
  return {
    add(answers) {
      for (const { status } of answers) seen.add(status);
      return answers;
    },
    statuses: () => [...seen],
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
