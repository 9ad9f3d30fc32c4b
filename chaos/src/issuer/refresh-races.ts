import type { Opened, Outcome } from '@revocast/issuer';
import { createVerifier } from '@revocast/middleware';
import { createSigner } from '@revocast/test-support';
import type { RefreshAnswer } from '../actors/message.ts';
import { pause } from '../world/pause.ts';
import type { World } from '../world/world.ts';
import { issuer } from './accounts.ts';
import { racedEvents } from './race-events.ts';
import { type Refreshers, startRefreshers } from './refreshers.ts';

const audience = 'https://api.chaos.example.com/';
const use = { client: 'shop', accessSeconds: 900 };
/** A cutoff is at the second of the event, and one more for the clocks of several processes. */
const cutoffMs = 2100;

/**
 * Refreshes in two processes race a logout or a password change. Once the report has resolved, no access token of before is
 * accepted, no refresh token of before is usable, a kept session goes on, and a login works.
 */
export async function refreshRacesEvents(world: World, { rounds }: { readonly rounds: number }): Promise<void> {
  const refreshers = await startRefreshers(world);
  const api = await openApi(world);
  const { families } = refreshers;
  const wrong: string[] = [];
  const logins: { readonly round: string; readonly login: Opened }[] = [];
  let raced = 0;
  try {
    await world.fault(`refreshes race logouts and password changes, ${rounds} times`, async () => {
      for (let count = 0; count < rounds; count++) {
        const event = racedEvents[count % racedEvents.length]!;
        const [subject, session, here] = [`owner-${count}`, `session-${count}`, `here-${count}`];
        const round = `round ${count}, ${event.name}`;
        const before = await families.open({ subject, session, ...use });
        const kept = await families.open({ subject, session: here, ...use });
        const [answers, outcome] = await Promise.all([
          refreshers.refresh(before.refreshToken, 2),
          event.report(refreshers, { subject, session, here }),
        ]);
        const problem = await untilEnforced(outcome);
        if (problem !== undefined) wrong.push(`${round}: ${problem}`);
        const login = await families.open({ subject, session: `login-${count}`, ...use });
        logins.push({ round, login });
        raced += answers.filter(({ claims }) => claims !== undefined).length;

        const expected = {
          before: 'rejected',
          beforeFamily: 'ended',
          kept: event.keepsHere ? 'accepted' : 'rejected',
          keptFamily: event.keepsHere ? 'rotated' : 'ended',
          login: event.isCutoff ? 'later' : 'accepted',
        };
        const found = {
          before: unanimous(await Promise.all(claimsOf(before, answers).map(api.outcomeOf))),
          beforeFamily: unanimous(await lastOf(refreshers, before, answers)),
          kept: await api.outcomeOf(kept.claims),
          keptFamily: (await families.present(kept.refreshToken, use)).outcome,
          login: event.isCutoff ? 'later' : await api.outcomeOf(login.claims),
        };
        if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(`${round}: ${JSON.stringify(found)}`);
      }
    });
    await pause(cutoffMs);
    for (const { round, login } of logins) {
      const refreshed = await families.present(login.refreshToken, use);
      const outcome = refreshed.ok ? await api.outcomeOf(refreshed.claims) : refreshed.outcome;
      if (outcome !== 'accepted') wrong.push(`${round}: a login after it is ${outcome}`);
    }
    const what = 'no token of before is accepted, and a login after it works';
    world.expect(what, wrong.length === 0, `${wrong.length} wrong: ${wrong.slice(0, 5).join('; ')}`);
    // In a few rounds on a busy machine, the event may always be faster.
    if (rounds < 100) return;
    world.expect('some refreshes were faster than the event', raced > rounds / 20, `${raced} of ${4 * rounds}`);
  } finally {
    api.close();
    await refreshers.close();
  }
}

/** What an API process decides. */
async function openApi(world: World) {
  const signer = await createSigner({ issuer, audience });
  const feed = `http://127.0.0.1:${world.dataPort('s1')}`;
  const verifier = createVerifier({ issuer, audience, jwks: signer.jwks, revocation: { feed }, logger: null });
  await verifier.ready({ timeoutMs: 10_000 });
  return {
    async outcomeOf(claims: object): Promise<string> {
      const token = await signer.sign({ ...claims });
      return (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).outcome;
    },
    close: () => verifier.close(),
  };
}

/** @returns the problem, if it is not. On a busy machine the log may answer after the second for which a report waits. */
async function untilEnforced(outcome: Outcome): Promise<string | undefined> {
  const { state, published } = await outcome.settled(30_000);
  const enforced = await Promise.all(published.map((each) => each.enforcedEverywhere({ timeoutMs: 20_000 })));
  if (state !== 'logged') return state;
  return enforced.every(({ everywhere }) => everywhere) ? undefined : 'not enforced everywhere within 20 s';
}

function unanimous(outcomes: readonly string[]): string {
  return [...new Set(outcomes)].join(' and ');
}

function claimsOf(before: Opened, answers: readonly RefreshAnswer[]): object[] {
  return [before.claims, ...answers.flatMap(({ claims }) => (claims === undefined ? [] : [claims]))];
}

/** What the newest refresh token of before leads to, in each process. */
async function lastOf(refreshers: Refreshers, before: Opened, answers: readonly RefreshAnswer[]): Promise<string[]> {
  const last = answers.find(({ refreshToken }) => refreshToken !== undefined)?.refreshToken;
  return (await refreshers.refresh(last ?? before.refreshToken, 1)).map(({ outcome }) => outcome);
}
