import { createVerifier } from '@revocast/middleware';
import { createSigner } from '@revocast/test-support';
import type { World } from '../world/world.ts';
import { issuer } from './accounts.ts';
import { startRefreshers } from './refreshers.ts';

const audience = 'https://api.chaos.example.com/';

/**
 * Refreshes in two processes race a logout or a password change. Once the report has resolved, no access token of before is
 * accepted, and no refresh token of before is usable.
 */
export async function refreshRacesEvents(world: World, { rounds }: { readonly rounds: number }): Promise<void> {
  const refreshers = await startRefreshers(world);
  const signer = await createSigner({ issuer, audience });
  const feed = `http://127.0.0.1:${world.dataPort('s1')}`;
  const verifier = createVerifier({ issuer, audience, jwks: signer.jwks, revocation: { feed }, logger: null });
  const outcomeOf = async (claims: Readonly<Record<string, unknown>>) => {
    const token = await signer.sign({ ...claims });
    return (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).outcome;
  };
  const wrong: string[] = [];
  let raced = 0;
  try {
    await verifier.ready({ timeoutMs: 10_000 });
    await world.fault(`refreshes race logouts and password changes, ${rounds} times`, async () => {
      for (let round = 0; round < rounds; round++) {
        const [subject, session] = [`owner-${round}`, `session-${round}`];
        const opened = await refreshers.families.open({ subject, session, client: 'shop', accessSeconds: 900 });
        const event =
          round % 2 === 0
            ? ({ type: 'session_ended', session } as const)
            : ({ type: 'password_changed', subject } as const);
        const [answers, outcome] = await Promise.all([
          refreshers.refresh(opened.refreshToken, 2),
          refreshers.lifecycle.report(event),
        ]);
        // On a busy machine the log may answer after the second for which a report waits.
        const { state, published } = await outcome.settled(30_000);
        const enforced = await Promise.all(published.map((each) => each.enforcedEverywhere({ timeoutMs: 20_000 })));
        if (state !== 'logged' || enforced.some(({ everywhere }) => !everywhere)) {
          wrong.push(`round ${round}, ${event.type}: ${state}, not enforced everywhere within 20 s`);
        }
        const refreshed = answers.flatMap(({ claims }) => (claims === undefined ? [] : [claims]));
        raced += refreshed.length;
        const outcomes = await Promise.all([opened.claims, ...refreshed].map((claims) => outcomeOf({ ...claims })));
        const last = answers.find(({ refreshToken }) => refreshToken !== undefined)?.refreshToken;
        const after = await refreshers.refresh(last ?? opened.refreshToken, 1);
        const isOver = after.every(({ outcome: shown }) => shown === 'ended');
        if (outcomes.some((each) => each !== 'rejected') || !isOver) {
          wrong.push(`round ${round}, ${event.type}: ${outcomes.join(', ')}; ${after.map((each) => each.outcome)}`);
        }
      }
    });
    world.expect('no token of before is accepted', wrong.length === 0, wrong.slice(0, 5).join('; '));
    // In a few rounds on a busy machine, the event may always be faster.
    if (rounds < 100) return;
    world.expect('some refreshes were faster than the event', raced > rounds / 20, `${raced} of ${4 * rounds}`);
  } finally {
    verifier.close();
    await refreshers.close();
  }
}
