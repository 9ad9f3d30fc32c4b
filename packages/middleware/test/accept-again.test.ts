import { describe, expect, it } from '@jest/globals';
import { type Change, digestOf, type Rule, restartDigest } from '@revocast/denylist/replica';
import { createSigner } from '@revocast/test-support';
import fc from 'fast-check';
import type { Decision } from '../src/decision.ts';
import type { VerifierOptions } from '../src/options/options.ts';
import { composeVerifier } from '../src/verifier/create-verifier.ts';
import type { Verifier } from '../src/verifier/verifier.ts';
import { partsOf } from '../src/verifier/verifier-parts.ts';
import { FakeFeed } from './fake-feed.ts';
import { type TestDependencies, testDependencies } from './test-dependencies.ts';

const issuer = 'https://issuer.test/';
const audience = 'https://api.test';
const jwksUri = 'https://keys.test/jwks';

type Sending = 'as usual' | 'in lower case' | 'twice';

/** What happens between two requests. Times are seconds from then. */
type Happening =
  | { readonly what: 'request'; readonly token: number; readonly sending: Sending }
  | { readonly what: 'deny' | 'cut off' | 'lift'; readonly token: number; readonly seconds: number }
  | { readonly what: 'lose the log'; readonly token: number; readonly seconds: number }
  | { readonly what: 'time passes' | 'the wall clock jumps'; readonly ms: number }
  | { readonly what: 'heartbeats stop' | 'heartbeats go on' | 'the second key comes or goes' };

const tokenCount = 4;
const ageSeconds = 1000;
const token = fc.nat(tokenCount - 1);
const sending = fc.constantFrom<Sending>('as usual', 'as usual', 'as usual', 'in lower case', 'twice');
const seconds = fc.integer({ min: -20, max: 40 });
const states = ['heartbeats stop', 'heartbeats go on', 'heartbeats go on', 'the second key comes or goes'] as const;

const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    { weight: 14, arbitrary: fc.record({ what: fc.constant('request' as const), token, sending }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('deny' as const, 'lift'), token, seconds }) },
    {
      weight: 1,
      arbitrary: fc.record({ what: fc.constantFrom('cut off' as const, 'lose the log'), token, seconds }),
    },
    { weight: 4, arbitrary: fc.record({ what: fc.constant('time passes' as const), ms: fc.nat(8000) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        what: fc.constant('the wall clock jumps' as const),
        ms: fc.integer({ min: -9000, max: 9000 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constantFrom(...states) }) },
  ),
  { minLength: 20, maxLength: 80 },
);

/** A verifier with the token cache, one that verifies every token anew, and everything that both depend on. */
class Scene {
  /** Requests whose acceptance was repeated. */
  repeated = 0;
  readonly #dependencies: TestDependencies;
  readonly #feed: FakeFeed;
  readonly #verifier: Verifier;
  readonly #everAnew: Verifier;
  readonly #tokens: readonly string[];
  readonly #published: Published;

  private constructor(dependencies: TestDependencies, published: Published, tokens: readonly string[]) {
    this.#published = published;
    this.#dependencies = dependencies;
    this.#tokens = tokens;
    this.#feed = new FakeFeed(dependencies.clock);
    const options: VerifierOptions = {
      issuer,
      audience,
      jwksUri,
      keySet: { softAgeMs: 8000, minSoftAgeMs: 8000, unknownKidBurst: 100, unknownKidIntervalMs: 100 },
      maxTokenAgeMs: (ageSeconds + 60) * 1000,
      logger: null,
      revocation: { feed: this.#feed, onLogReset: 'reject-older' },
    };
    this.#verifier = composeVerifier(options, dependencies);
    this.#everAnew = composeVerifier({ ...options, tokenCache: null }, dependencies);
  }

  static async open(): Promise<Scene> {
    const published: Published = { all: [], secondIsListed: true };
    const fetch = async () => Response.json({ keys: published.all.slice(0, published.secondIsListed ? 2 : 1) });
    const dependencies = testDependencies({ fetch });
    const nowMs = () => dependencies.clock.wallMs();
    const first = await createSigner({ issuer, nowMs, kid: 'key-1' });
    const second = await createSigner({ issuer, nowMs, kid: 'key-2' });
    published.all.push(first.publicJwk, second.publicJwk);
    // So long before that no jump of the clock goes back behind it: only new tokens are checked for an `iat` in the future.
    const iat = Math.floor(nowMs() / 1000) - ageSeconds;
    const tokens = await Promise.all([
      first.sign({ sid: '0', iat }, { expiresInSeconds: 3600 }),
      first.sign({ sid: '1', iat }, { expiresInSeconds: ageSeconds + 20 }),
      first.sign({ sid: '2', iat, nbf: iat + ageSeconds + 10 }, { expiresInSeconds: 3600 }),
      second.sign({ sid: '3', iat }, { expiresInSeconds: 3600 }),
    ]);
    const scene = new Scene(dependencies, published, tokens);
    await scene.#settle();
    return scene;
  }

  /** @throws Error when the two verifiers disagree, with the request and both decisions. */
  async play(happening: Happening): Promise<void> {
    const { clock } = this.#dependencies;
    const nowSeconds = Math.floor(clock.wallMs() / 1000);
    switch (happening.what) {
      case 'request':
        return this.#compare(happening.token, happening.sending);
      case 'deny':
        this.#state(happening.token, { deniedUntil: nowSeconds + happening.seconds, denialStamp: nowSeconds });
        break;
      case 'cut off':
        this.#state(happening.token, { issuedUpTo: nowSeconds - ageSeconds - 30 + happening.seconds });
        break;
      case 'lift':
        this.#state(happening.token, { liftedUpTo: nowSeconds });
        break;
      case 'lose the log':
        this.#tell(restartDigest, {
          denialStamp: nowSeconds - ageSeconds,
          deniedUntil: nowSeconds + happening.seconds,
        });
        break;
      case 'time passes':
        await clock.advance(happening.ms);
        break;
      case 'the wall clock jumps':
        clock.jumpWall(happening.ms);
        break;
      case 'heartbeats stop':
        this.#feed.silence();
        break;
      case 'heartbeats go on':
        this.#feed.beat();
        break;
      case 'the second key comes or goes':
        this.#published.secondIsListed = !this.#published.secondIsListed;
    }
    await clock.advance(0);
  }

  async close(): Promise<void> {
    await Promise.all([this.#verifier.close(), this.#everAnew.close()]);
  }

  async #compare(index: number, sending: Sending): Promise<void> {
    await this.#settle();
    const request = requestWith(this.#tokens[index]!, sending);
    const expected = resultOf(await this.#everAnew.verify(request));
    await this.#dependencies.clock.advance(0);
    for (const time of ['first', 'second', 'third']) {
      const isRepeated = partsOf(this.#verifier).acceptAgain?.(request, this.#dependencies.clock.monotonicMs());
      if (isRepeated !== undefined) this.repeated += 1;
      const found = isRepeated === undefined ? resultOf(await this.#verifier.verify(request)) : 'accepted';
      if (found === expected) continue;
      throw new Error(`token ${index}, sent ${sending}, ${time} time: expected ${expected}, found ${found}`);
    }
  }

  /** Starts a refresh that is due, and waits for it: it must not end between the two decisions. */
  async #settle(): Promise<void> {
    const { clock } = this.#dependencies;
    await this.#everAnew.verify(requestWith(this.#tokens[0]!, 'as usual'));
    await clock.advance(0);
  }

  #state(index: number, rule: Partial<Rule>): void {
    this.#tell(digestOf({ dimension: 'session', issuer, value: String(index) }), rule);
  }

  #tell(digest: Change['digest'], rule: Partial<Rule>): void {
    const none: Rule = { deniedUntil: 0, issuedUpTo: 0, denialStamp: 0, liftedUpTo: 0 };
    this.#feed.tell({ digest, rule: { ...none, ...rule }, loggedAtMs: this.#dependencies.clock.wallMs() });
  }
}

/** The keys of the issuer. */
interface Published {
  readonly all: unknown[];
  secondIsListed: boolean;
}

function requestWith(text: string, sending: Sending) {
  const authorization = `${sending === 'in lower case' ? 'bearer' : 'Bearer'} ${text}`;
  const fields = sending === 'twice' ? [authorization, 'Bearer another'] : [authorization];
  return { headers: { authorization }, rawHeaders: fields.flatMap((value) => ['Authorization', value]) };
}

/** A kid may be unknown or its look-up throttled: the order of the two verifiers decides which. */
function resultOf(decision: Decision): string {
  if (decision.outcome === 'accepted') return 'accepted';
  return ['unknown_kid', 'unknown_kid_throttled'].includes(decision.reason) ? 'no key' : decision.reason;
}

describe('over random revocations, lifts, key changes, clock steps and losses of freshness', () => {
  it('a repeated acceptance is the decision about the same token verified anew', async () => {
    let repeated = 0;
    const play = async (list: readonly Happening[]): Promise<void> => {
      const scene = await Scene.open();
      try {
        for (const happening of list) await scene.play(happening);
      } finally {
        repeated += scene.repeated;
        await scene.close();
      }
    };
    await fc.assert(fc.asyncProperty(happenings, play), { numRuns: 100 });
    // Otherwise the comparison shows nothing.
    expect(repeated).toBeGreaterThan(500);
  }, 120_000);
});

describe('the second use of a token', () => {
  it.each(['Bearer', 'bearer'])(
    'after the scheme %s is decided at once, with what the first use has shown',
    async (scheme) => {
      const dependencies = testDependencies();
      const signer = await createSigner({ issuer, nowMs: () => dependencies.clock.wallMs() });
      const options: VerifierOptions = { issuer, audience, jwks: signer.jwks, revocation: null, logger: null };
      const verifier = composeVerifier(options, dependencies);
      const text = await signer.sign({ sid: 's', scope: 'a b', nested: { list: [{}] } });
      const send = () => verifier.verify({ headers: { authorization: `${scheme} ${text}` } });
      const [first, second, third] = [await send(), send(), send()];
      if (second instanceof Promise || second.outcome !== 'accepted')
        throw new Error('expected to be accepted at once');
      expect(second).toEqual({ ...first, cached: true });
      expect(Object.isFrozen(second.auth.claims['nested'])).toBe(true);
      expect(third).toBe(second);
      await verifier.close();
    },
  );
});
