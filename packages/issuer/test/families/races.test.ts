import { beforeAll, expect, it } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createLifecycle, type Families, type FamilyClaims, type Lifecycle, type Outcome } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { createVerifier, type Verifier } from '@revocast/middleware';
import { mintKey, mintToken } from '@revocast/test-support';
import type pg from 'pg';
import { usePostgres } from '../postgres/use-postgres.ts';
import { secretOf } from './keys-of-test.ts';

const issuer = 'https://login.example.com/';
const audience = 'https://api.example.com';
const use = { client: 'shop', accessSeconds: 900 };
/** `chaos:issuer/refresh-races` plays 1000 rounds in two processes. */
const roundsOfEach = 4;

const database = usePostgres({ max: 20 });
let log: Publisher;
let lifecycle: Lifecycle;
let families: Families;
let verifier: Verifier;
let key: Awaited<ReturnType<typeof mintKey>>;

beforeAll(async () => {
  log = database.closeFirst(await createPublisher('memory:'));
  lifecycle = database.closeFirst(await createLifecycle({ issuer, log, store: postgresStore(database.pool) }));
  families = lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
  key = await mintKey('ES256', 'k', true);
  const jwks = { keys: [key.publicJwk] };
  verifier = database.closeFirst(createVerifier({ issuer, audience, jwks, revocation: { feed: log } }));
  expect(await verifier.ready({ timeoutMs: 5000 })).toBe(true);
}, 60_000);

/** What an API decides about an access token with these claims. */
async function outcomeOf(claims: FamilyClaims): Promise<string> {
  const token = await mintToken(key, { ...claims }, { issuer, audience, expiresInSeconds: 900 });
  return (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).outcome;
}

async function inTransaction(report: (tx: pg.PoolClient) => Promise<Outcome>): Promise<Outcome> {
  const tx = await database.pool.connect();
  try {
    await tx.query('begin');
    const outcome = await report(tx);
    await tx.query('commit');
    return outcome;
  } finally {
    tx.release();
  }
}

interface Owner {
  readonly subject: string;
  readonly session: string;
  /** A second session, which a few events keep. */
  readonly here: string;
}

interface Race {
  readonly end: (owner: Owner) => Promise<Outcome>;
  /** The second session stays signed in. */
  readonly keeps?: true;
  /** A cutoff denies the tokens of this second and of the next one, also those of a login since. */
  readonly isCutoff?: true;
}

const races: Readonly<Record<string, Race>> = {
  'end by session': { end: ({ session }) => families.end({ session }), keeps: true },
  'end by session, in a transaction': {
    end: ({ session }) => inTransaction((tx) => families.end({ session }, { tx })),
    keeps: true,
  },
  'end by subject': { end: ({ subject }) => families.end({ subject }), isCutoff: true },
  'end by subject, one session kept': {
    end: ({ subject, here }) => families.end({ subject, keep: here }),
    keeps: true,
  },
  'new password': { end: ({ subject }) => lifecycle.report({ type: 'password_changed', subject }), isCutoff: true },
  'new password, one session kept': {
    end: ({ subject, here }) => lifecycle.report({ type: 'password_changed', subject, keep: here }),
    keeps: true,
  },
  'new password, in a transaction': {
    end: ({ subject }) => inTransaction((tx) => lifecycle.report({ type: 'password_changed', subject }, { tx })),
    isCutoff: true,
  },
  'new password, in a transaction, one session kept': {
    end: ({ subject, here }) =>
      inTransaction((tx) => lifecycle.report({ type: 'password_changed', subject, keep: here }, { tx })),
    keeps: true,
  },
};

it.each(Object.entries(races))(
  'no token of before is accepted once the report has resolved, and a login after it works: %s',
  async (name, { end, keeps, isCutoff }) => {
    for (let round = 0; round < roundsOfEach; round++) {
      const owner = {
        subject: `owner ${round} of ${name}`,
        session: `session ${round} of ${name}`,
        here: `here ${round} of ${name}`,
      };
      const { subject, session, here } = owner;
      const before = await families.open({ subject, session, ...use });
      const kept = await families.open({ subject, session: here, ...use });
      const reportedFirst = round % 2 === 0 ? end(owner) : undefined;
      const [one, other, reported] = await Promise.all([
        families.present(before.refreshToken, use),
        families.present(before.refreshToken, use),
        reportedFirst ?? end(owner),
      ]);
      const { state, published } = await reported.settled(20_000);
      await Promise.all(published.map((each) => each.enforcedEverywhere()));
      const after = await families.open({ subject, session: `after ${round} of ${name}`, ...use });

      const refreshed = [one, other].flatMap((answer) => (answer.ok ? [answer] : []));
      const old = await Promise.all([before, ...refreshed].map(({ claims }) => outcomeOf(claims)));
      const last = refreshed[0] ?? before;
      // A refresh of the login makes such a token two seconds later.
      const later = { ...after.claims, iat: after.claims.iat + 2 };
      expect({
        round,
        state,
        old: new Set(old),
        family: (await families.present(last.refreshToken, use)).outcome,
        kept: await outcomeOf(kept.claims),
        keptFamily: (await families.present(kept.refreshToken, use)).outcome,
        login: await outcomeOf(isCutoff ? later : after.claims),
        loginFamily: (await families.present(after.refreshToken, use)).outcome,
      }).toEqual({
        round,
        state: 'logged',
        old: new Set(['rejected']),
        family: 'ended',
        kept: keeps ? 'accepted' : 'rejected',
        keptFamily: keeps ? 'rotated' : 'ended',
        login: 'accepted',
        loginFamily: 'rotated',
      });
    }
  },
);
