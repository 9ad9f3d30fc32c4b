import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { endOfRestart, type LookUp, restartDigest, type Verdict } from '@revocast/denylist/replica';
import { createSigner, type Signer } from '@revocast/test-support';
import supertest from 'supertest';
import { protect } from '../../src/express/protect.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import type { RevocationOptions } from '../../src/options/revocation-options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { expressVersions } from '../express/versions.ts';
import { FakeFeed } from '../fake-feed.ts';
import { type TestDependencies, testDependencies } from '../test-dependencies.ts';

let signer: Signer;
let dependencies: TestDependencies;
let feed: FakeFeed;
const opened: Verifier[] = [];

beforeAll(async () => {
  signer = await createSigner({ nowMs: () => dependencies.clock.wallMs() });
});
beforeEach(() => {
  dependencies = testDependencies();
  feed = new FakeFeed(dependencies.clock);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

const nowSeconds = () => Math.floor(dependencies.clock.wallMs() / 1000);

async function start(revocation: RevocationOptions): Promise<Verifier> {
  const { issuer, jwks } = signer;
  const options = {
    issuer,
    audience: 'https://api.test',
    jwks,
    exposeReason: true,
    revocation: { feed, ...revocation },
  };
  const verifier = composeVerifier(options as VerifierOptions, dependencies);
  opened.push(verifier);
  await dependencies.clock.advance(0);
  return verifier;
}

/** The log began empty `secondsAgo`, and no sidecar had rules to write back. */
async function restart(secondsAgo = 10) {
  const stamp = nowSeconds() - secondsAgo;
  const rule = { deniedUntil: stamp + 86_700, issuedUpTo: 0, denialStamp: stamp, liftedUpTo: 0 };
  feed.tell({ digest: restartDigest, rule, details: { id: 'restart', kind: 'reseed' } });
  await dependencies.clock.advance(0);
  return {
    stamp,
    async end() {
      feed.tell({ digest: restartDigest, rule: { ...rule, liftedUpTo: endOfRestart(rule).liftedUpTo } });
      await dependencies.clock.advance(0);
    },
  };
}

const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const issuedAt = (iat: number) => signer.sign({ iat, exp: iat + 3600 });

describe('given a log that began empty, with `reject-older`', () => {
  it.each([
    [-1, 'too_old'],
    [0, 'too_old'],
    [1, 'none'],
  ])('rejects tokens issued up to the second of the restart: %d s after it, %s', async (after, reason) => {
    const verifier = await start({ onLogReset: 'reject-older' });
    const { stamp } = await restart();
    const request = bearing(await issuedAt(stamp + after));
    // Verified anew, and from the cache.
    for (const decision of [await verifier.verify(request), await verifier.verify(request)]) {
      expect(decision.outcome === 'accepted' ? 'none' : decision.reason).toBe(reason);
    }
  });

  it('rejects a token that it accepted before, and accepts it again when the restart has ended', async () => {
    const verifier = await start({ onLogReset: 'reject-older' });
    const request = bearing(await issuedAt(nowSeconds() - 60));
    expect(await verifier.verify(request)).toMatchObject({ outcome: 'accepted' });
    const { end } = await restart();
    expect(verifier.verify(request)).toMatchObject({ outcome: 'rejected', reason: 'too_old', cached: true });
    await end();
    expect(verifier.verify(request)).toMatchObject({ outcome: 'accepted' });
  });

  it('rejects an older token when the look-up reports the restart', async () => {
    const found: Verdict = { verdict: 'active', restartedAtSeconds: nowSeconds() };
    const lookup: LookUp = { find: async () => found, close: async () => {} };
    const verifier = await start({ lookup, onLogReset: 'reject-older' });
    feed.silence();
    await dependencies.clock.advance(6000);
    expect(await verifier.verify(bearing(await issuedAt(nowSeconds() - 60)))).toMatchObject({ reason: 'too_old' });
    expect(await verifier.verify(bearing(await issuedAt(nowSeconds())))).toMatchObject({ outcome: 'accepted' });
  });

  it('applies `whenUnknown` to an unknown verdict', async () => {
    const verifier = await start({ onLogReset: 'reject-older', whenUnknown: 'accept' });
    await restart();
    feed.silence();
    await dependencies.clock.advance(6000);
    const request = bearing(await issuedAt(nowSeconds() - 60));
    expect(await verifier.verify(request)).toMatchObject({ outcome: 'accepted', auth: { revocation: 'unknown' } });
    expect(await verifier.verify(request, { whenUnknown: 'unavailable' })).toMatchObject({ outcome: 'unavailable' });
  });
});

describe('given a log that began empty, with the default', () => {
  it('accepts an older token, and shows the restart in the status', async () => {
    const verifier = await start({});
    const { stamp } = await restart();
    expect(await verifier.verify(bearing(await issuedAt(stamp - 60)))).toMatchObject({ outcome: 'accepted' });
    expect(verifier.status().revocation?.replica).toMatchObject({ restartedAtSeconds: stamp });
  });
});

describe('the log line about a restart', () => {
  const lines = () => dependencies.lines.filter((line) => line.includes('restart'));

  it.each([
    ['accept', 'are accepted until they expire'],
    ['reject-older', 'are rejected (too_old) until they expire'],
  ] as const)('names the time, the effect on tokens, and what to do: %s', async (onLogReset, effect) => {
    await start({ onLogReset });
    const { stamp, end } = await restart();
    await dependencies.clock.advance(60_000);
    expect(lines()).toEqual([
      `revocast: log restarted at ${new Date(stamp * 1000).toISOString()}: earlier revocations may be lost; ` +
        `tokens issued before ${effect}; if nothing was lost, run: revocast-sidecar init`,
    ]);
    await end();
    await dependencies.clock.advance(60_000);
    expect(lines()).toHaveLength(2);
    expect(lines()[1]).toContain('is over');
  });

  it('is not written when the restart ends at once', async () => {
    await start({});
    const { end } = await restart();
    await dependencies.clock.advance(2000);
    await end();
    await dependencies.clock.advance(60_000);
    expect(lines()).toEqual([]);
  });
});

describe.each(expressVersions)('an API on %s', (_version, express) => {
  it.each([
    ['reject-older', 401, 200],
    ['accept', 200, 200],
  ] as const)('with `%s` answers %d to an older token and %d to a new one', async (onLogReset, before, after) => {
    const verifier = await start({ onLogReset });
    const app = express();
    app.use(protect(verifier), (_request: unknown, response: { send(body: string): unknown }) => {
      response.send('in');
    });
    const { stamp } = await restart();
    const ask = async (iat: number) =>
      supertest(app)
        .get('/')
        .set('Authorization', `Bearer ${await issuedAt(iat)}`);
    const old = await ask(stamp);
    expect(old.status).toBe(before);
    if (before === 401) expect(old.body).toMatchObject({ error: 'invalid_token', reason: 'too_old' });
    expect((await ask(stamp + 1)).status).toBe(after);
  });
});
