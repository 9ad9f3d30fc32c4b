import type { Scene, Stage } from './scene.ts';
import { type ApiAnswer, callAll, haveStatus } from './steps/call-api.ts';
import { rulesHeld } from './steps/scrape.ts';

const giveUpAfterMs = 40_000;

export const logOutage: Scene = {
  letter: 'g',
  name: 'log-outage',
  title: 'What holds the revocation log is killed',
  async play(stage) {
    const { world, send, narrator, check, newBrowser } = stage;
    const good = (await newBrowser().login('heidi')).accessToken;
    const bad = (await newBrowser().login('ivan')).accessToken;
    await world.publisher.revokeToken(bad, { reason: 'admin' });
    const isDead = async (): Promise<boolean> => haveStatus(await callAll(send, world.replicas, bad), 401);
    const tally = newTally();
    await waitFor(stage, isDead);
    const rules = Math.max(...(await rulesHeld(stage)));

    await world.source.kill();
    const killedAtMs = stage.nowMs();
    narrator.say(`${world.source.description} is killed with SIGKILL.`);
    check(
      haveStatus(tally.add(await callAll(send, world.replicas, good)), 200),
      'good tokens still work: the feed was fresh a moment ago',
    );
    check(await isDead(), 'known revocations stay 401');

    const refusing = await narrator.during('waiting until no replica can prove any more that it missed nothing', () =>
      waitFor(stage, async () => haveStatus(tally.add(await callAll(send, world.replicas, good)), 503)),
    );
    const unsure = tally.add(await callAll(send, world.replicas, good));
    narrator.say(`after ${seconds(refusing - killedAtMs)} the replicas say that they do not know: 503.`);
    check(
      unsure.every(
        ({ status, retryAfter, error }) => status === 503 && retryAfter !== undefined && error === undefined,
      ),
      'with Retry-After and without a challenge, so that no client throws its token away',
    );
    check(await isDead(), 'known revocations stay 401 all the same');

    const restartedAtMs = stage.nowMs();
    await world.source.restart();
    const back = await narrator.during('waiting for the recovery', () =>
      waitFor(stage, async () => haveStatus(tally.add(await callAll(send, world.replicas, good)), 200)),
    );
    narrator.say(
      `it is started again; all replicas accept again after ${seconds(back - restartedAtMs)}, without anybody’s help.`,
    );
    check(await isDead(), 'what was revoked before is still revoked');
    await waitFor(stage, async () => (await rulesHeld(stage)).every((held) => held >= rules));
    check(rules > 0, `every sidecar, the log’s own included, holds all ${rules} rules again`);
    const late = (await newBrowser().login('judy')).accessToken;
    await world.publisher.revokeToken(late, { reason: 'admin' });
    await waitFor(stage, async () => haveStatus(await callAll(send, world.replicas, late), 401));
    check(true, 'and a new revocation arrives as ever');
    check(
      tally.statuses().every((status) => status === 200 || status === 503),
      'at no moment did a good token get a 401',
    );
    return {
      unavailableAfterMs: Math.round(refusing - killedAtMs),
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

/** @returns when it held. @throws Error when it does not come to hold. */
async function waitFor(stage: Stage, condition: () => Promise<boolean>): Promise<number> {
  const endsAtMs = stage.nowMs() + giveUpAfterMs;
  while (stage.nowMs() < endsAtMs) {
    if (await condition()) return stage.nowMs();
    await stage.sleep(50);
  }
  throw new Error(`it did not come about within ${giveUpAfterMs} ms`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
