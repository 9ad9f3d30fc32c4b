import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  openFeed,
  openLookUp,
  openReplayStore,
  openUsageStore,
  systemClock,
  systemRandom,
} from '@revocast/denylist/replica';
import { addressList } from '../binding/address-list.ts';
import { takePossession } from '../binding/take-possession.ts';
import type { Decision, WhenUnknown } from '../decision.ts';
import { listedIssuers } from '../issuers/issuer-directory.ts';
import { IssuerResolver } from '../issuers/issuer-resolver.ts';
import { policyOf, type TrustedIssuer } from '../issuers/trusted-issuer.ts';
import { createDocumentFetcher } from '../jwks/fetch-key-set.ts';
import { type ResolvedOptions, resolveOptions, type VerifierOptions } from '../options/options.ts';
import type { ResolvedIssuer } from '../options/resolve-issuers.ts';
import { RevocationCheck } from '../revocation/check.ts';
import { safeText } from '../revocation/log-feed.ts';
import { takeFeed, takeLookUp } from '../revocation/take-feed.ts';
import { VerdictMemo } from '../revocation/verdict-memo.ts';
import { SignatureThread } from '../signature-thread/signature-thread.ts';
import { startSignatureThread } from '../signature-thread/start-thread.ts';
import { withOpenTelemetry } from '../telemetry/opentelemetry.ts';
import { prometheusTelemetry } from '../telemetry/prometheus.ts';
import { noTelemetry } from '../telemetry/telemetry.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';
import { verifySignature } from '../token/signature.ts';
import { TokenCache } from '../token/token-cache.ts';
import { takeUsage } from '../usage/take-usage.ts';
import { type Verification, verifyAccessToken } from '../verify-access-token.ts';
import { version } from '../version.ts';
import { StateLog } from './state-log.ts';
import { takeKeys } from './take-keys.ts';
import type { Verifier } from './verifier.ts';
import { newSharedResources, type VerifierDependencies } from './verifier-dependencies.ts';
import { attachParts } from './verifier-parts.ts';

let thisProcess: VerifierDependencies | undefined;

/** Made with the first verifier and not on import: until then nobody has asked for anything. */
function worldOfThisProcess(): VerifierDependencies {
  let secret: string | undefined;
  thisProcess ??= {
    clock: systemClock,
    random: systemRandom,
    openFeed,
    openLookUp,
    openReplayStore,
    openUsageStore,
    processSecret: () => {
      secret ??= randomBytes(32).toString('base64url');
      return secret;
    },
    addressList,
    // `fetch` is looked up at each call: instrumentation may have replaced it since.
    documentFetcher: (bounds) =>
      createDocumentFetcher({ ...bounds, fetch: (input, init) => globalThis.fetch(input, init) }),
    // On one processor it could only take turns with this thread.
    startSignatureThread: availableParallelism() > 1 ? startSignatureThread : () => undefined,
    afterTurn: (callback) => void setImmediate(callback),
    environment: process.env,
    stderr: (line) => void process.stderr.write(`${line}\n`),
    stayAlive: () => {
      const timer = setInterval(() => {}, 2 ** 31 - 1);
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

const readinessPollMs = 20;

/** The same, in a world of the caller's. */
export function composeVerifier(given: VerifierOptions, world: VerifierDependencies): Verifier {
  const options = resolveOptions(given, world.environment);
  const { clock, random } = world;
  const { registry, openTelemetry, revocation, tokenCacheEntries } = options;
  const counted =
    registry === undefined ? noTelemetry : prometheusTelemetry({ registry, version, node: process.version });
  const traced =
    openTelemetry === undefined ? counted : withOpenTelemetry(counted, { ...options, openTelemetry, clock });
  const log = stateLogOf(options, world);
  const releases: (() => Promise<void> | void)[] = [];
  const telemetry = takeUsage(options, { world, telemetry: traced, releases });

  const trust = (issuer: ResolvedIssuer, released = releases): TrustedIssuer => {
    const keys = takeKeys(issuer, options, { world, telemetry, releases: released });
    return { issuer: issuer.issuer, alias: issuer.alias, policy: policyOf(issuer, options), keys };
  };
  const listed = options.issuers.map((issuer) => trust(issuer));
  const { issuerResolver } = options;
  const resolver =
    issuerResolver &&
    new IssuerResolver({
      resolver: issuerResolver,
      clock,
      hardAgeMs: options.keySet.hardAgeMs,
      open: (issuer) => {
        const released: (() => Promise<void> | void)[] = [];
        return { issuer: trust(issuer, released), close: () => void Promise.all(released.map((release) => release())) };
      },
      failed: (error) => log?.say('issuers', 'warn', `revocast: issuers.resolve failed: ${safeText(error)}`),
    });
  releases.push(() => resolver?.close());
  const issuers = resolver ?? listedIssuers(listed);
  for (const alias of [...listed.map(({ alias }) => alias), ...(issuerResolver ? [issuerResolver.alias] : [])]) {
    telemetry.expectIssuer(alias);
  }
  const tokenCache =
    tokenCacheEntries === null
      ? undefined
      : new TokenCache({ maxEntries: tokenCacheEntries, observe: (result) => telemetry.tokenCacheAsked(result) });
  const feed = revocation === null ? undefined : takeFeed(revocation, { world, telemetry, log, releases });
  const lookUp = revocation === null ? undefined : takeLookUp(revocation, { world, log, releases });
  releases.push(
    telemetry.watch({
      keys: listed.map(({ alias, keys }) => ({ alias, source: keys })),
      feed,
      tokenCache,
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
    exceedsLogLifetime: () => problem() !== undefined,
    memo: new VerdictMemo(),
    now: () => clock.monotonicMs(),
    observer: { verdictGiven: (source, verdict) => telemetry.verdictGiven(source, verdict) },
  });
  const { possession, dpop } = takePossession(options, { world, log, releases }, verifySignature);
  const signatures = world.shared.signatureThreads.take(
    'of this process',
    () => new SignatureThread({ start: world.startSignatureThread, afterTurn: world.afterTurn }),
  );
  releases.push(() => {
    if (signatures.release()) signatures.value.close();
  });
  const verification: Verification = {
    possession,
    issuers,
    tokenCache,
    revocation: revocation === null ? undefined : check,
    onLogReset: revocation?.onLogReset ?? 'accept',
    verifySignature: (signed, alg, key) => signatures.value.verify(signed, alg, key),
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

  const declareFailOpen = (whenUnknown: WhenUnknown): void => {
    if (whenUnknown === 'accept') feed?.failOpen();
  };
  declareFailOpen(policyWhenUnknown);
  const decide = (request: RequestWithHeaders, whenUnknown: WhenUnknown = policyWhenUnknown) => {
    declareFailOpen(whenUnknown);
    return verifyAccessToken(request, verification, whenUnknown);
  };
  const keysReady = async () => (await Promise.all(issuers.known().map(({ keys }) => keys.prefetch()))).every(Boolean);
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
        if (settled.outcome === 'accepted') telemetry.tokenUsed?.(settled.auth, request);
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
      const keyStates = issuers.known().map(({ issuer, alias, keys }) => ({ issuer, alias, keys: keys.status() }));
      const replica = feed?.status();
      return {
        ready: canTellRevocation() && keyStates.every(({ keys }) => keys.state === 'fresh' || keys.state === 'stale'),
        issuers: keyStates,
        revocation:
          revocation === null
            ? null
            : {
                feed: feed?.name ?? null,
                replica,
                lookup: lookUp?.state ?? 'none',
                whenUnknown: revocation.whenUnknown,
                problem: found,
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
    declareFailOpen,
    telemetry,
    clock,
    answerStyle: {
      realm,
      exposeReason,
      resourceMetadata,
      random,
      dpop: dpop && {
        required: dpop.required,
        algorithms: dpop.algorithms,
        nonce: () => dpop.nonces?.current(),
      },
    },
    reportOnly: dangerouslyReportOnly,
  });
}

function stateLogOf(
  { logger }: ResolvedOptions,
  { shared, clock, stderr }: VerifierDependencies,
): StateLog | undefined {
  if (logger === null) return undefined;
  const log = shared.logs.get(logger) ?? new StateLog(logger ?? { info: stderr, warn: stderr }, clock);
  shared.logs.set(logger, log);
  return log;
}
