import type { Revocation } from '@revocast/denylist';
import { readClaims } from '../client/tokens.ts';
import { summarize } from '../report/summary.ts';
import type { Scene, Stage } from './scene.ts';
import { calibrate, leastRequestsPerSecond } from './steps/calibrate.ts';
import { callAll, haveStatus } from './steps/call-api.ts';
import { describeLoad, factsOf } from './steps/describe-load.ts';
import { type Load, type LoadResult, startLoad, type Target } from './steps/load.ts';
import { measureBetween, scrape } from './steps/scrape.ts';

/** Users whose tokens are revoked before the measurement begins. */
const warmUps = 25;
const loginsAtOnce = 6;
const giveUpAfterMs = 10_000;

export const underLoad: Scene = {
  letter: 'h',
  name: 'under-load',
  title: 'Revocations under load, measured by clients',
  async play(stage) {
    const { narrator, check, world, revocationsUnderLoad: count } = stage;
    const signedIn = await narrator.during(`signing in ${count + warmUps} users`, (report) =>
      signInMany(stage, count + warmUps, report),
    );
    for (const { accessToken } of signedIn) {
      if (!haveStatus(await callAll(stage.send, world.replicas, accessToken), 200)) {
        throw new Error('a token was refused before it was revoked');
      }
    }
    const [targets, warmUpTargets] = [signedIn.slice(0, count), signedIn.slice(count)];
    const { capacity, rate, revocationEveryMs } = await narrator.during('calibrating the load', () =>
      calibrate(
        stage,
        targets.map(({ accessToken }) => accessToken),
      ),
    );
    narrator.say(
      `the load is ${rate} requests/s beside the probes, in an open loop: each is sent when it is due, whether or not ` +
        `earlier ones were answered. This machine answers ${capacity} requests/s at most.`,
    );

    const revoke = async (some: readonly Target[], report: (text: string) => void): Promise<Revoked> => {
      const load = startLoad(stage, targets, rate);
      try {
        const samples = await revokeOneByOne(stage, load, { targets: some, revocationEveryMs, report });
        return { samples, result: await load.stop() };
      } finally {
        await load.stop();
      }
    };
    const warmUp = await narrator.during(`warming up: revoking ${warmUps} other tokens, which are not measured`, () =>
      revoke(warmUpTargets, () => undefined),
    );
    const before = await scrape(stage);
    const { samples, result } = await narrator.during(`revoking ${count} tokens under load`, (report) =>
      revoke(targets, report),
    );
    const measured = measureBetween(before, await scrape(stage));
    const all = summarize([...samples.values()].flat());

    describeLoad(narrator, { samples, result, measured });
    check(
      result.requestsPerSecond >= leastRequestsPerSecond,
      `${result.requestsPerSecond} requests/s, load and probes together, used the tokens that were revoked`,
    );
    check(all.samples === count * world.replicas.length, `${count} revocations were enforced by every replica`);
    const acceptedAfterRefusal = warmUp.result.acceptedAfterRefusal + result.acceptedAfterRefusal;
    check(acceptedAfterRefusal === 0, 'no replica accepted a token after it had refused it');
    check(measured.leaked === 0, `leaked ${measured.leaked}: no request was accepted later than the bound`);
    return { ...factsOf({ samples, result, measured }), calibratedRate: rate, capacity };
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

interface Revoked {
  /** Milliseconds from the call of `revoke()` to the first 401, by replica. */
  readonly samples: Map<string, number[]>;
  readonly result: LoadResult;
}

interface RevokeOptions {
  readonly targets: readonly Target[];
  readonly revocationEveryMs: number;
  readonly report: (text: string) => void;
}

async function revokeOneByOne(
  stage: Stage,
  load: Load,
  { targets, revocationEveryMs, report }: RevokeOptions,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(stage.world.replicas.map(({ name }) => [name, []]));
  const enforced = targets.map(async (target, index) => {
    await stage.sleep(index * revocationEveryMs);
    const calledAtMs = stage.nowMs();
    const published = stage.world.publisher.revoke(revocationOf(stage, target, index));
    await Promise.all([
      published,
      ...stage.world.replicas.map((replica) => load.probe(replica, target, giveUpAfterMs)),
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
