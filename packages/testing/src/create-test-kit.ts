import { randomUUID } from 'node:crypto';
import { createPublisher, type Publisher } from '@revocast/denylist';
import {
  ConfigurationError,
  checkOptions,
  disposable,
  type Feed,
  isJsonObject,
  systemClock,
  type Undisposed,
  unexpected,
} from '@revocast/denylist/replica';
import { type BadTokenReason, encryptionKid, maxTokenAgeMs } from './bad-tokens.ts';
import { type ListenOptions, listen, type TestServer } from './http/listen.ts';
import { createSigningKey, type PublicJwk, renameSigningKey } from './signing-key.ts';
import { TestFeed } from './test-feed.ts';
import type { TestRevocation, TestTarget } from './test-revocation.ts';
import { TokenMint } from './token-mint.ts';
import { checkText, type TestTokenOptions } from './token-options.ts';
import { isTestProfile, type TestProfile, testProfiles } from './token-shapes.ts';
import { createTurns } from './turns.ts';

export interface TestKitOptions {
  /** The form of the tokens, as the option of `protect()`. Default `rfc9068`. */
  readonly profile?: TestProfile | undefined;
  /** Default `https://api.example.com`; a string that a client id can be for `cognito`. */
  readonly audience?: string | undefined;
  /** Default `https://login.example.com/`. Nothing is fetched from it. */
  readonly issuer?: string | undefined;
}

const optionNames: readonly string[] = ['profile', 'audience', 'issuer'] satisfies (keyof TestKitOptions)[];

/** The options of a verifier that accepts the tokens of the kit, and follows its revocations. */
export interface TestVerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly profile: TestProfile;
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  readonly revocation: { readonly feed: Feed };
  /** Error bodies have a `reason`, which a test can check. */
  readonly exposeReason: true;
  /** 12 hours, so that a token can be `too_old`. */
  readonly maxTokenAgeMs: number;
  readonly logger: null;
}

/**
 * An issuer, its tokens, and a log of revocations, for the tests of an API. `ready`, `revoke`, `lift`, `outage`, `recover` and
 * `listen` run one after another, in the order of the calls, also without `await`.
 */
export interface TestKit extends AsyncDisposable {
  /** For `protect()`, `createVerifier()` and the adapters: `protect({ ...kit.options, realm: 'shop' })`. */
  readonly options: TestVerifierOptions;
  /** An access token that `options` accept. @throws ConfigurationError for a value that the profile does not have. */
  token(options?: TestTokenOptions): string;
  /** A token that `options` reject for exactly this reason. */
  badToken(reason: BadTokenReason, options?: TestTokenOptions): string;
  /** Resolves when every verifier of this process accepts tokens. Not needed before a request over HTTP. */
  ready(): Promise<void>;
  /**
   * Revokes, and resolves when every verifier that follows the kit denies the tokens. A cutoff (`subject`, `client`, `tenant`)
   * covers the tokens of the present second too: give a token of a later login an `issuedAt` of the next second.
   *
   * @throws ConfigurationError for an `issuer`, and for what `publisher.revoke()` refuses.
   * @throws Error when no verifier follows, during an outage, and when one does not apply it within 10 s.
   */
  revoke(revocation: TestRevocation): Promise<void>;
  /** Ends a block or the denial of a session, as `publisher.lift()`. Resolves when every verifier has applied it. */
  lift(target: TestTarget): Promise<void>;
  /** The log cannot be reached from now on. Resolves when every verifier of this process answers 503. */
  outage(): Promise<void>;
  /** Ends the outage. Resolves when every verifier of this process is fresh again. */
  recover(): Promise<void>;
  /** Serves the issuer and the revocations on a free port, for other processes and languages. */
  listen(options?: ListenOptions): Promise<TestServer>;
  /**
   * Ends the servers. Not needed before the process ends. `await using` calls it. A closed kit makes tokens; its other
   * functions reject.
   */
  close(): Promise<void>;
}

/** Milliseconds in which a verifier must apply a revocation, also on a busy machine. */
const applyMs = 10_000;

/** A test kit: it opens no port and connects to nothing. @throws ConfigurationError */
export async function createTestKit(options: TestKitOptions = {}): Promise<TestKit> {
  checkOptions('createTestKit', options, optionNames);
  const { profile = 'rfc9068', audience = 'https://api.example.com', issuer = 'https://login.example.com/' } = options;
  if (!isTestProfile(profile)) throw new ConfigurationError('profile', `expected one of ${testProfiles.join(', ')}`);
  checkText('audience', audience);
  checkText('issuer', issuer);
  // With the clock of the issuer, a cutoff of now covers the tokens made until now, and none of the next second.
  const publisher = await createPublisher('memory:', {
    clock: 'issuer',
    issuerSpreadSeconds: 0,
    broadRulesPerMinute: Number.POSITIVE_INFINITY,
  });
  const feed = new TestFeed(publisher.feed, systemClock);
  const key = createSigningKey('ES256', 'test-key');
  // With a second key, a token without `kid` fits two.
  const others = [createSigningKey('ES256', 'test-key-2').publicJwk, encryptionKey()];
  const jwks = { keys: [key.publicJwk, ...others] };
  const mintFor = (iss: string) =>
    new TokenMint({
      profile,
      issuer: iss,
      audience,
      key,
      foreignKey: renameSigningKey(createSigningKey('ES256', 'foreign'), key.kid),
      nowSeconds: () => Math.floor(systemClock.wallMs() / 1000),
      newTokenId: () => randomUUID(),
      onIssued: (iat) => publisher.tokenIssued(iat),
    });
  const mint = mintFor(issuer);
  const servers = new Set<TestServer>();
  let isClosed = false;
  const inTurn = createTurns();
  // In turns, so that calls of one moment have the outcome of the same calls one after another.
  const whileOpen = <Result>(task: () => Promise<Result>) =>
    inTurn(async () => {
      if (isClosed) throw closed();
      return await task();
    });
  const revokeFor = async (iss: string, revocation: TestRevocation) => {
    checkTarget('revoke', revocation);
    const statement = { reason: 'other', ...revocation, issuer: iss } as const;
    await whileOpen(() => applied(feed, () => publisher.revoke(statement)));
  };
  const outage = () => whileOpen(() => feed.cut());
  const recover = () => whileOpen(() => feed.recover());
  const end = async () => {
    isClosed = true;
    for (const server of servers) await server.close();
    await publisher.close();
  };
  let ended: Promise<void> | undefined;
  return disposable<Undisposed<TestKit>>({
    options: { issuer, audience, profile, jwks, revocation: { feed }, exposeReason: true, maxTokenAgeMs, logger: null },
    token: (given) => mint.token(given),
    badToken: (reason, given) => mint.badToken(reason, given),
    ready: () =>
      whileOpen(async () => {
        if (!(await feed.followed())) throw nothingFollows();
      }),
    revoke: (revocation) => revokeFor(issuer, revocation),
    async lift(target) {
      checkTarget('lift', target);
      await whileOpen(() => applied(feed, () => publisher.lift({ ...target, issuer })));
    },
    outage,
    recover,
    listen: (given) =>
      whileOpen(async () => {
        const { algorithm } = key;
        const server = await listen({ jwks, feed, mintFor, revokeFor, algorithm, outage, recover }, given);
        servers.add(server);
        if (!isClosed) return server;
        await server.close();
        throw closed();
      }),
    async close() {
      ended ??= end();
      await ended;
    },
  });
}

function closed(): Error {
  return new Error('the test kit is closed: create another one with createTestKit()');
}

/** @throws ConfigurationError for a value that is no object, and for an issuer, which would otherwise be ignored. */
function checkTarget(what: string, target: unknown): void {
  if (!isJsonObject(target)) throw unexpected(what, "an object such as { session: 'sid-1' }", target);
  if (target['issuer'] === undefined) return;
  throw new ConfigurationError(what, 'expected no issuer: the issuer is that of the kit, or of its server');
}

/** Publishes, and waits until every verifier has applied it. */
async function applied(feed: TestFeed, publish: () => ReturnType<Publisher['revoke']>): Promise<void> {
  if (feed.isCut) throw new Error('expected no outage: no verifier can apply a revocation now; call recover() first');
  if (!(await feed.followed())) throw nothingFollows();
  const published = await publish();
  // Where only a server of the kit follows, there may be no process behind it.
  const { everywhere: soon, expected } = await published.enforcedEverywhere({ timeoutMs: 1000 });
  if (soon) return;
  if (expected === 0) throw nothingFollows();
  const { everywhere, missing } = await published.enforcedEverywhere({ timeoutMs: applyMs });
  if (everywhere) return;
  const names = missing.length === 0 ? 'none of them is named' : missing.join(', ');
  throw new Error(`expected all ${expected} verifiers to apply it within ${applyMs / 1000} s: ${names}`);
}

function nothingFollows(): Error {
  return new Error(
    'no verifier follows the test kit: give the options of the kit to protect(), createVerifier() or an adapter first',
  );
}

/** Its `kid` cannot verify a token (RFC 7517 §4.2). */
function encryptionKey(): PublicJwk {
  return { ...createSigningKey('ES256', encryptionKid).publicJwk, use: 'enc', alg: 'ECDH-ES' };
}
