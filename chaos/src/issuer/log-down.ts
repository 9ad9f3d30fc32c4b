import { createLifecycle, type Outcome } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { createVerifier } from '@revocast/middleware';
import { createSigner, startPostgres } from '@revocast/test-support';
import { Pool } from 'pg';
import { pause } from '../world/pause.ts';
import type { World } from '../world/world.ts';
import { issuer } from './accounts.ts';

const audience = 'https://api.chaos.example.com/';

interface LogDownOptions {
  readonly events: number;
  readonly downMs: number;
}

/**
 * The log is paused while users sign out and change their passwords, and sign in again. Once it is back, no token of before is
 * accepted, and every token of a login since is.
 */
export async function logDownDuringLogouts(world: World, { events, downMs }: LogDownOptions): Promise<void> {
  const postgres = await startPostgres();
  const pool = new Pool({ connectionString: postgres.url });
  pool.on('error', () => {});
  const signer = await createSigner({ issuer, audience });
  const feed = `http://127.0.0.1:${world.dataPort('s1')}`;
  const verifier = createVerifier({ issuer, audience, jwks: signer.jwks, revocation: { feed }, logger: null });
  const store = postgresStore(pool);
  await store.migrate();
  const link = await world.links.addToRedis('issuer', world.primary.port);
  const lifecycle = await createLifecycle({ issuer, log: `redis://127.0.0.1:${link.port}`, store });
  const outcomeOf = async (token: string) =>
    (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).outcome;
  try {
    const users = Array.from({ length: events }, (_, index) => ({ sub: `user-${index}`, sid: `session-${index}` }));
    const before = await Promise.all(users.map((user) => signer.sign({ ...user, iat: secondsNow() - 100 })));
    await verifier.ready({ timeoutMs: 10_000 });
    world.expect('tokens are accepted before', (await outcomeOf(before[0] ?? '')) === 'accepted');
    const outcomes: Outcome[] = [];
    let after: readonly string[] = [];
    await world.fault('the log is paused during logouts and password changes', async () => {
      world.primary.pause();
      const reports = users.map(({ sub, sid }, index) =>
        index % 2 === 0
          ? lifecycle.report({ type: 'session_ended', session: sid }, { waitMs: 100 })
          : lifecycle.report({ type: 'password_changed', subject: sub }, { waitMs: 100 }),
      );
      outcomes.push(...(await Promise.all(reports)));
      // The cutoff is at the second of the event, and one more for the clocks of several processes.
      await pause(2100);
      after = await Promise.all(
        users.map((user) => signer.sign({ ...user, sid: `new-${user.sid}`, iat: secondsNow() })),
      );
      await pause(Math.max(0, downMs - 2100));
      world.primary.resume();
    });
    const pending = outcomes.filter(({ state }) => state === 'pending').length;
    world.expect('every event is pending while the log is down', pending === events, `${pending} of ${events}`);
    const settled = await Promise.all(outcomes.map((outcome) => outcome.settled(30_000)));
    const logged = settled.filter(({ state }) => state === 'logged').length;
    world.expect('every event is logged once the log is back', logged === events, `${logged} of ${events}`);
    await world.untilFresh(20_000);
    await pause(world.maxStalenessMs);
    const accepted = (await Promise.all(before.map(outcomeOf))).filter((outcome) => outcome !== 'rejected').length;
    world.expect('no token of before is accepted', accepted === 0, `${accepted} accepted or undecided`);
    const refused = (await Promise.all(after.map(outcomeOf))).filter((outcome) => outcome !== 'accepted').length;
    world.expect('every token of a login since is accepted', refused === 0, `${refused} refused or undecided`);
  } finally {
    world.primary.resume();
    await lifecycle.close();
    verifier.close();
    await pool.end();
    await postgres.stop();
  }
}

function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}
