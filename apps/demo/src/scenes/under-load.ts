import type { Revocation } from '@revocast/denylist';
import { readClaims } from '../client/tokens.ts';
import { summarize } from '../report/summary.ts';
import type { Scene, Stage } from './scene.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { describeLoad, factsOf } from './steps/describe-load.ts';
import { type Load, startLoad, type Target } from './steps/load.ts';
import { measureBetween, scrape } from './steps/scrape.ts';

const requestsPerSecond = 300;
const revocationEveryMs = 25;
const loginsAtOnce = 6;
const giveUpAfterMs = 10_000;
/** Pause between an answer and the next request for the same token: the resolution of the measurement. */
const pauseMs = 1;

export const underLoad: Scene = {
  letter: 'h',
  name: 'under-load',
  title: 'Revocations under load, measured by clients',
  async play(stage) {
    const { narrator, check, world, revocationsUnderLoad: count } = stage;
    const targets = await narrator.during(`signing in ${count} users`, (report) => signInMany(stage, count, report));
    for (const { accessToken } of targets) {
      if (!haveStatus(await callAll(stage.send, world.replicas, accessToken), 200)) {
        throw new Error('a token was refused before it was revoked');
      }
    }

    const before = await scrape(stage);
    const load = startLoad(stage, targets, requestsPerSecond);
    const samples = await narrator.during(`revoking ${count} tokens under load`, (report) =>
      revokeOneByOne(stage, load, targets, report),
    );
    const result = await load.stop();
    const measured = measureBetween(before, await scrape(stage));
    const all = summarize([...samples.values()].flat());

    describeLoad(narrator, { samples, result, measured });
    check(result.requestsPerSecond >= 200, `${result.requestsPerSecond} requests/s used the tokens that were revoked`);
    check(all.samples === count * world.replicas.length, `${count} revocations were enforced by every replica`);
    check(result.acceptedAfterRefusal === 0, 'no replica accepted a token after it had refused it');
    check(measured.leaked === 0, `leaked ${measured.leaked}: no request was accepted later than the bound`);
    narrator.say(
      `exposed ${measured.exposed}: requests accepted between the call of revoke() and the update of the denylist.`,
    );
    return factsOf({ samples, result, measured });
  },
};

async function signInMany(stage: Stage, count: number, report: (text: string) => void): Promise<Target[]> {
  const targets: Target[] = [];
  const users = Array.from({ length: count }, (_, index) => `user-${index + 1}`).values();
  const worker = async (): Promise<void> => {
    for (const user of users) {
      const { accessToken } = await stage.newBrowser().login(user);
      targets.push({ accessToken, refusedAtMs: new Map() });
      report(`${targets.length} of ${count}`);
    }
  };
  await Promise.all(Array.from({ length: loginsAtOnce }, worker));
  return targets;
}

/** @returns milliseconds from the call of `revoke()` to the first 401, by replica. */
async function revokeOneByOne(
  stage: Stage,
  load: Load,
  targets: readonly Target[],
  report: (text: string) => void,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(stage.world.replicas.map(({ name }) => [name, []]));
  const enforced = targets.map(async (target, index) => {
    await stage.sleep(index * revocationEveryMs);
    const calledAtMs = stage.nowMs();
    const published = stage.world.publisher.revoke(revocationOf(stage, target, index));
    await Promise.all([
      published,
      ...stage.world.replicas.map((replica) => callUntilRefused(stage, load, replica, target)),
    ]);
    for (const [replica, atMs] of target.refusedAtMs) samples.get(replica)?.push(atMs - calledAtMs);
    report(`${index + 1} of ${targets.length}`);
  });
  await Promise.all(enforced);
  return samples;
}

/** Names the token by a different dimension for each index. Each token belongs to a different user. */
function revocationOf({ world }: Stage, { accessToken }: Target, index: number): Revocation {
  const claims = readClaims(accessToken);
  const issuer = world.issuerUrl;
  const text = (name: string): string => String(claims[name]);
  switch (index % 4) {
    case 0:
      return { issuer, token: text('jti'), expiresAt: Number(claims['exp']), reason: 'admin' };
    case 1:
      return { issuer, session: text('sid'), reason: 'logout' };
    case 2:
      return { issuer, grant: text('grant_id'), reason: 'refresh_reuse' };
    default:
      return { issuer, subject: text('sub'), reason: 'password_change' };
  }
}

async function callUntilRefused(stage: Stage, load: Load, replica: Stage['world']['replicas'][number], target: Target) {
  const endsAtMs = stage.nowMs() + giveUpAfterMs;
  while (stage.nowMs() < endsAtMs) {
    if ((await load.call(replica, target)) === 401) return;
    await stage.sleep(pauseMs);
  }
  throw new Error(`${replica.name} accepts a revoked token after ${giveUpAfterMs} ms`);
}
