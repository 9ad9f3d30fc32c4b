import {
  type Clock,
  type Feed,
  openFeed,
  openLookUp,
  type Random,
  type ReplicaStatus,
  systemClock,
  systemRandom,
} from '@revocast/denylist/replica';
import type { Decision, WhenUnknown } from './decision.ts';
import { ConfigurationError } from './errors.ts';
import { createKeySource } from './jwks/create-key-source.ts';
import { createDocumentFetcher } from './jwks/fetch-key-set.ts';
import type { KeySource, KeySourceObserver, KeySourceStatus } from './jwks/key-source.ts';
import { parseKeySet } from './jwks/parse-key-set.ts';
import { StaticKeySet } from './jwks/static-key-set.ts';
import {
  type Logger,
  type OptionEnvironment,
  type ResolvedIssuer,
  type ResolvedOptions,
  type ResolvedRevocation,
  resolveOptions,
  type VerifierOptions,
} from './options.ts';
import { RevocationCheck } from './revocation/check.ts';
import { FollowedFeed } from './revocation/followed-feed.ts';
import { LaterLookUp } from './revocation/later-look-up.ts';
import { logFeed, safeText } from './revocation/log-feed.ts';
import { VerdictMemo } from './revocation/verdict-memo.ts';
import { type Lease, ObjectNames, Shared } from './shared.ts';
import { StateLog } from './state-log.ts';
import { prometheusTelemetry } from './telemetry/prometheus.ts';
import { noTelemetry, type Telemetry } from './telemetry.ts';
import type { RequestWithHeaders } from './token/bearer.ts';
import { verifySignature } from './token/signature.ts';
import { TokenCache } from './token/token-cache.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';
import { attachParts } from './verifier-parts.ts';
import { type Verification, verifyAccessToken } from './verify-access-token.ts';
import { version } from './version.ts';

/** What a verifier knows about itself. Nothing in it is secret. */
export interface VerifierStatus {
  /** Whether a good token would be accepted now. */
  readonly ready: boolean;
  readonly issuers: readonly { readonly issuer: string; readonly alias: string; readonly keys: KeySourceStatus }[];
  /** `null`: switched off. */
  readonly revocation: {
    /** The feed's address without credentials; `null`: look-up only. */
    readonly feed: string | null;
    /** Absent until the feed has been opened. */
    readonly replica?: ReplicaStatus;
    readonly lookup: 'none' | 'opening' | 'open' | 'failed';
    readonly whenUnknown: WhenUnknown;
    /** An option that keeps every token from being accepted, and how to mend it. */
    readonly problem?: string;
  } | null;
  readonly tokenCache: { readonly entries: number; readonly maxEntries: number } | null;
  /** Checks that the options switch off. */
  readonly switchedOff: readonly string[];
}

/** Verifies access tokens. No HTTP inside: works for upgrade requests, queues and other frameworks. */
export interface Verifier {
  /**
   * Decides about a request-like object: headers, and `rawHeaders` where there are any.
   *
   * @returns synchronously for a token seen before while the denylist is fresh. Never throws, never rejects.
   */
  verify(request: RequestWithHeaders, options?: { readonly whenUnknown?: WhenUnknown }): Decision | Promise<Decision>;
  /** Resolves true once keys are there and the denylist is fresh, false after `timeoutMs`. Never rejects. */
  ready(options: { readonly timeoutMs: number }): Promise<boolean>;
  status(): VerifierStatus;
  /** Fetches the key sets now instead of with the first token. Resolves to whether all are there. Never rejects. */
  prefetch(): Promise<boolean>;
  /** Ends what only this verifier uses. */
  close(): Promise<void>;
}

/** What a verifier takes from the world. */
export interface VerifierWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof globalThis.fetch;
  readonly environment: OptionEnvironment;
  readonly stderr: (line: string) => void;
  /** Keeps the process alive until the returned function is called. */
  readonly stayAlive: () => () => void;
  readonly shared: SharedResources;
}

interface SharedResources {
  readonly feeds: Shared<FollowedFeed>;
  readonly lookUps: Shared<LaterLookUp>;
  readonly keys: Shared<SharedKeys>;
  readonly logs: WeakMap<Logger, StateLog>;
  readonly names: ObjectNames;
}

interface SharedKeys {
  readonly source: KeySource;
  readonly observers: Set<KeySourceObserver>;
}

export function newSharedResources(): SharedResources {
  return {
    feeds: new Shared(),
    lookUps: new Shared(),
    keys: new Shared(),
    logs: new WeakMap(),
    names: new ObjectNames(),
  };
}

let thisProcess: VerifierWorld | undefined;

/** Made with the first verifier and not on import: until then nobody has asked for anything. */
function worldOfThisProcess(): VerifierWorld {
  thisProcess ??= {
    clock: systemClock,
    random: systemRandom,
    // Looked up at each call: a test or an agent may have replaced it since.
    fetch: (input, init) => globalThis.fetch(input, init),
    environment: process.env,
    stderr: (line) => void process.stderr.write(`${line}\n`),
    stayAlive: () => {
      const timer = setInterval(removeNothing, 2 ** 31 - 1);
      return () => clearInterval(timer);
    },
    shared: newSharedResources(),
  };
  return thisProcess;
}

/**
 * Creates a verifier. Verifiers of one process that name the same feed, look-up, key set or registry share it.
 *
 * @throws ConfigurationError for wrong options; never because somebody cannot be reached.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return composeVerifier(options, worldOfThisProcess());
}

const removeNothing = (): void => {};
const stderrLogger = new WeakMap<VerifierWorld, Logger>();
const readinessPollMs = 20;

/** The same, in a world of the caller's. */
export function composeVerifier(given: VerifierOptions, world: VerifierWorld): Verifier {
  const options = resolveOptions(given, world.environment);
  const { clock, random } = world;
  const { registry, revocation, tokenCacheEntries } = options;
  const telemetry =
    registry === undefined ? noTelemetry : prometheusTelemetry({ registry, version, node: process.version });
  const log = stateLogOf(options, world);
  const releases: (() => Promise<void> | void)[] = [];

  const issuers = options.issuers.map((issuer): TrustedIssuer => {
    telemetry.expectIssuer(issuer.alias);
    const keys = takeKeys(issuer, options, { world, telemetry, releases });
    return { issuer: issuer.issuer, alias: issuer.alias, policy: policyOf(issuer, options), keys };
  });
  const tokenCache =
    tokenCacheEntries === null
      ? undefined
      : new TokenCache({ maxEntries: tokenCacheEntries, observe: (result) => telemetry.tokenCacheAsked(result) });
  const feed = revocation === null ? undefined : takeFeed(revocation, { world, telemetry, log, releases });
  const lookUp = revocation === null ? undefined : takeLookUp(revocation, { world, log, releases });
  releases.push(
    telemetry.watch({
      keys: issuers.map(({ alias, keys }) => ({ alias, source: keys })),
      ...(feed !== undefined && { feed }),
      ...(tokenCache !== undefined && { tokenCache }),
    }),
  );

  /** Why every token is refused although everything is in reach; undefined when nothing is wrong. */
  const problem = (): string | undefined => {
    const logSeconds = feed?.maxTokenLifetimeSeconds;
    if (logSeconds === undefined || options.maxTokenLifetimeMs <= logSeconds * 1000) return undefined;
    return `maxTokenLifetimeMs is ${options.maxTokenLifetimeMs}, but the log keeps its rules for tokens of at most ${logSeconds * 1000} ms: lower it, or raise the log's first`;
  };
  const stopComparing = feed?.subscribe({
    connected: () => {
      const found = problem();
      if (found !== undefined) log?.say('lifetime', 'warn', `revocast: ${found}; requests are answered 503`);
    },
  });
  releases.push(() => void stopComparing?.());

  const check = new RevocationCheck({
    replica: () => feed,
    lookUp: () => lookUp?.current,
    outlivesLog: () => problem() !== undefined,
    memo: new VerdictMemo(),
    now: () => clock.monotonicMs(),
    observer: { verdictGiven: (source, verdict) => telemetry.verdictGiven(source, verdict) },
  });
  const verification: Verification = {
    issuers: new Map(issuers.map((issuer) => [issuer.issuer, issuer])),
    tokenCache,
    revocation: revocation === null ? undefined : check,
    verifySignature,
    now: () => clock.wallMs(),
    onAccepted: (token, verdict) => {
      if (verdict === 'unknown') telemetry.failedOpen();
      feed?.accepted(token.digests, token.issuedAt, feed.isFresh());
    },
  };
  const policyWhenUnknown = revocation?.whenUnknown ?? 'unavailable';
  const switchedOff = [
    ...(options.audience === null ? ['audience'] : []),
    ...(revocation === null ? ['revocation'] : []),
  ];
  for (const name of switchedOff) {
    log?.say(`off ${name}`, 'warn', `revocast: ${name} is null: this check is switched off`);
  }

  const decide = (request: RequestWithHeaders, whenUnknown: WhenUnknown = policyWhenUnknown) =>
    verifyAccessToken(request, verification, whenUnknown);
  const keysReady = async () => (await Promise.all(issuers.map(({ keys }) => keys.prefetch()))).every(Boolean);
  const canTellRevocation = () => {
    if (revocation === null) return true;
    if (problem() !== undefined) return false;
    return feed?.isFresh() === true || (feed === undefined && lookUp?.state === 'open');
  };

  const untilReady = async (timeoutMs: number): Promise<boolean> => {
    const endsAtMs = clock.monotonicMs() + timeoutMs;
    const expired = clock.sleep(timeoutMs).then(() => false);
    for (;;) {
      const keys = await Promise.race([keysReady(), expired]);
      if (keys && canTellRevocation()) return true;
      const leftMs = endsAtMs - clock.monotonicMs();
      if (leftMs <= 0) return false;
      await clock.sleep(Math.min(leftMs, readinessPollMs));
    }
  };

  const verifier: Verifier = {
    verify(request, { whenUnknown } = {}) {
      const startedAtMs = clock.monotonicMs();
      const decision = decide(request, whenUnknown);
      const count = (settled: Decision): Decision => {
        telemetry.decided(settled, 'enforced', clock.monotonicMs() - startedAtMs);
        return settled;
      };
      return decision instanceof Promise ? decision.then(count) : count(decision);
    },
    async ready({ timeoutMs }) {
      // Everything else here is unref'd, and a process that awaits this at its start has nothing else to live for.
      const release = world.stayAlive();
      try {
        return await untilReady(timeoutMs);
      } finally {
        release();
      }
    },
    status() {
      const found = problem();
      const keyStates = issuers.map(({ issuer, alias, keys }) => ({ issuer, alias, keys: keys.status() }));
      const replica = feed?.status();
      return {
        ready: canTellRevocation() && keyStates.every(({ keys }) => keys.state === 'fresh' || keys.state === 'stale'),
        issuers: keyStates,
        revocation:
          revocation === null
            ? null
            : {
                feed: feed?.name ?? null,
                ...(replica !== undefined && { replica }),
                lookup: lookUp?.state ?? 'none',
                whenUnknown: revocation.whenUnknown,
                ...(found !== undefined && { problem: found }),
              },
        tokenCache: tokenCache === undefined ? null : { entries: tokenCache.size, maxEntries: tokenCache.maxEntries },
        switchedOff,
      };
    },
    prefetch: keysReady,
    async close() {
      await Promise.all(releases.splice(0).map((release) => release()));
    },
  };
  const { realm, exposeReason, resourceMetadata, dangerouslyReportOnly } = options;
  return attachParts(verifier, {
    decide,
    telemetry,
    clock,
    answerStyle: { realm, exposeReason, resourceMetadata, random },
    reportOnly: dangerouslyReportOnly,
  });
}

interface Surroundings {
  readonly world: VerifierWorld;
  readonly telemetry: Telemetry;
  readonly log: StateLog | undefined;
  readonly releases: (() => Promise<void> | void)[];
}

function policyOf(issuer: ResolvedIssuer, options: ResolvedOptions): TrustedIssuer['policy'] {
  const { algorithms, profile, claimMap } = issuer;
  const { audience, clockToleranceMs, maxTokenAgeMs, maxTokenLifetimeMs } = options;
  return { ...profile, algorithms, claimMap, audience, clockToleranceMs, maxTokenAgeMs, maxTokenLifetimeMs };
}

function stateLogOf({ logger }: ResolvedOptions, world: VerifierWorld): StateLog | undefined {
  if (logger === null) return undefined;
  const target = logger ?? stderrLogger.get(world) ?? { info: world.stderr, warn: world.stderr };
  if (logger === undefined) stderrLogger.set(world, target);
  const log = world.shared.logs.get(target) ?? new StateLog(target, world.clock);
  world.shared.logs.set(target, log);
  return log;
}

function takeKeys(
  { alias, keys }: ResolvedIssuer,
  { keySet: limits, dangerouslyAllowHttp }: ResolvedOptions,
  { world, telemetry, releases }: Omit<Surroundings, 'log'>,
): KeySource {
  const observer = telemetry.keySourceObserver(alias);
  if ('jwks' in keys) {
    const parsed = parseKeySet(keys.jwks, limits.maxKeys);
    if (!parsed.ok) throw new ConfigurationError('jwks', `holds no public key that can be used (${parsed.code})`);
    return new StaticKeySet(parsed.keySet, observer);
  }
  const lease = world.shared.keys.take(JSON.stringify([keys, limits, dangerouslyAllowHttp]), () => {
    const observers = new Set<KeySourceObserver>();
    const { clock, random, fetch } = world;
    const source = createKeySource({
      location: keys,
      clock,
      random,
      fetchDocument: createDocumentFetcher({ fetch, maxBytes: limits.maxBytes, dangerouslyAllowHttp }),
      limits,
      observer: {
        keyLookedUp: (result) => {
          for (const each of observers) each.keyLookedUp?.(result);
        },
        keySetFetched: (fetched) => {
          for (const each of observers) each.keySetFetched?.(fetched);
        },
        keysHeld: (count) => {
          for (const each of observers) each.keysHeld?.(count);
        },
      },
    });
    return { source, observers };
  });
  lease.value.observers.add(observer);
  releases.push(() => {
    if (lease.release()) lease.value.source.close();
  });
  return lease.value.source;
}

function takeFeed(revocation: ResolvedRevocation, surroundings: Surroundings): FollowedFeed | undefined {
  const { feed, maxStalenessMs, maxRules, tokenFile } = revocation;
  if (feed === null) return undefined;
  const { world, telemetry, log, releases } = surroundings;
  const { clock, random, shared } = world;
  const id = typeof feed === 'string' ? feed : shared.names.nameOf(feed);
  const lease: Lease<FollowedFeed> = shared.feeds.take(
    JSON.stringify([id, maxStalenessMs, maxRules, tokenFile]),
    () =>
      new FollowedFeed({
        name: nameOf(feed),
        open: () =>
          typeof feed === 'string'
            ? openFeed(feed, { clock, random, ...(tokenFile !== undefined && { tokenFile }) })
            : feed,
        clock,
        random,
        maxStalenessMs,
        maxRules,
      }),
  );
  lease.value.subscribe(telemetry.feedObserver);
  const stopLogging =
    log === undefined ? removeNothing : logFeed({ feed: lease.value, policy: revocation, log, clock });
  releases.push(async () => {
    stopLogging();
    if (lease.release()) await lease.value.close();
  });
  return lease.value;
}

/** A URL may carry a password: only where it leads is shown. */
function nameOf(feed: string | Feed): string {
  if (typeof feed !== 'string') return feed.name;
  if (feed.startsWith('unix:') || !URL.canParse(feed)) return feed.split('?')[0] ?? feed;
  const { protocol, host } = new URL(feed);
  return `${protocol}//${host}`;
}

function takeLookUp(
  { lookup, maxStalenessMs, lookupTimeoutMs: timeoutMs }: ResolvedRevocation,
  { world, log, releases }: Omit<Surroundings, 'telemetry'>,
): LaterLookUp | undefined {
  if (lookup === null) return undefined;
  // Whoever hands in an opened one closes it.
  if (typeof lookup !== 'string') return new LaterLookUp(() => lookup);
  const { clock, random, shared } = world;
  const lease = shared.lookUps.take(
    JSON.stringify([lookup, maxStalenessMs, timeoutMs]),
    () => new LaterLookUp(() => openLookUp(lookup, { clock, random, timeoutMs, maxStalenessMs })),
  );
  lease.value.onFailure((error) =>
    log?.say('lookup', 'warn', `revocast: the look-up cannot be used: ${safeText(error)}`),
  );
  releases.push(async () => {
    if (lease.release()) await lease.value.close();
  });
  return lease.value;
}
