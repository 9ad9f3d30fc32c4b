import {
  anyIssuer,
  disposable,
  type TrustedIssuers,
  trustedIssuers,
  type Undisposed,
} from '@revocast/denylist/replica';
import { acceptAgain } from '../accept-again.ts';
import { takePossession } from '../binding/take-possession.ts';
import type { Auth, WhenUnknown } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import { decisionHook } from '../gate/decision-hook.ts';
import { Gate } from '../gate/gate.ts';
import { readGateOptions } from '../gate/gate-options.ts';
import { RefusalLog } from '../gate/refusal-log.ts';
import { group, requiredNumber } from '../options/option-table.ts';
import { type ResolvedOptions, resolveOptions, type VerifierOptions } from '../options/options.ts';
import type { Logger } from '../options/telemetry-options.ts';
import { RevocationCheck } from '../revocation/check.ts';
import type { SharedReplica } from '../revocation/shared-replica.ts';
import { takeFeed, takeLookUp } from '../revocation/take-feed.ts';
import { SignatureThread } from '../signature-thread/signature-thread.ts';
import type { Watch, WatchOptions } from '../streams/watch.ts';
import { WatchedStreams } from '../streams/watched-streams.ts';
import { withOpenTelemetry } from '../telemetry/opentelemetry.ts';
import { prometheusTelemetry } from '../telemetry/prometheus.ts';
import { noTelemetry } from '../telemetry/telemetry.ts';
import type { VerifySignature } from '../token/signature.ts';
import { TokenCache } from '../token/token-cache.ts';
import { tokenOf } from '../token/verified-token.ts';
import { takeUsage } from '../usage/take-usage.ts';
import { verifyAccessToken } from '../verify-access-token.ts';
import { version } from '../version.ts';
import { processDependencies } from './process-dependencies.ts';
import { StateLog } from './state-log.ts';
import { takeIssuers } from './take-issuers.ts';
import type { Verification } from './verification.ts';
import type { Verifier } from './verifier.ts';
import type { PartDependencies, VerifierDependencies } from './verifier-dependencies.ts';
import { attachParts, hasParts, type VerifierParts } from './verifier-parts.ts';
import { VerifierState } from './verifier-state.ts';

const withoutEnvironment = { allowHttp: false, environment: {} };
const readReadyOptions = group({ timeoutMs: requiredNumber({ unit: 'ms', min: 0, max: 2 ** 31 - 1 }) });

/**
 * Creates a verifier. Options that are left out are read from the environment where it has them (docs/verification.md). Verifiers
 * of one process that name the same feed, look-up, key set or registry share it.
 *
 * @throws ConfigurationError for wrong options; never because a sidecar, Redis or an issuer is unreachable.
 */
export function createVerifier(options?: VerifierOptions): Verifier {
  return composeVerifier(options, processDependencies());
}

/** Returns a verifier as it is, and creates one from options. @throws ConfigurationError */
export function verifierOf(target: VerifierOptions | Verifier | undefined): Verifier {
  return isVerifier(target) ? target : createVerifier(target);
}

function isVerifier(target: VerifierOptions | Verifier | undefined): target is Verifier {
  return hasParts(target);
}

/** Creates a verifier with the given clocks, connections and environment. */
export function composeVerifier(given: VerifierOptions | undefined, dependencies: VerifierDependencies): Verifier {
  const options = resolveOptions(given, dependencies.environment);
  const parts = partDependencies(options, dependencies);
  const { clock, random, stayAlive, telemetry, log, releases } = parts;
  const { revocation, tokenCacheEntries, maxTokenBytes } = options;

  const issuers = takeIssuers(options, parts);
  const tokenCache =
    tokenCacheEntries === null
      ? undefined
      : new TokenCache({
          maxEntries: tokenCacheEntries,
          maxTokenBytes,
          observe: (result) => telemetry.tokenCacheAsked(result),
        });
  const feed = revocation === null ? undefined : takeFeed(revocation, trustedBy(options), parts);
  const lookUp = revocation === null ? undefined : takeLookUp(revocation, parts);
  if (lookUp !== undefined) feed?.withLookUp();
  const streams = takeStreams({ options, feed, parts });
  const state = new VerifierState({ options, issuers, feed, lookUp, tokenCache, streams, clock, stayAlive });
  const { possession, dpop } = takePossession(options, parts);
  const verification: Verification = {
    issuers,
    tokenCache,
    revocation:
      revocation === null
        ? undefined
        : new RevocationCheck({
            replica: feed,
            lookUp: () => lookUp?.current,
            keptSeconds: () => feed?.keptSeconds ?? Number.POSITIVE_INFINITY,
            onLogReset: revocation.onLogReset,
            telemetry,
            now: () => clock.monotonicMs(),
          }),
    possession,
    telemetry,
    maxTokenBytes: options.maxTokenBytes,
    verifySignature: takeVerifySignature(parts),
    now: () => clock.wallMs(),
    logSkewMs: () => feed?.skewMs,
    monotonicMs: () => clock.monotonicMs(),
  };
  const stopWatching = telemetry.watch({
    keys: issuers.known().map(({ alias, keys }) => ({ alias, source: keys })),
    feed,
    tokenCache,
    streams: streams ?? undefined,
  });
  const stopComparing = feed?.subscribe({
    connected: () => {
      const { problem } = state;
      if (problem !== undefined) log?.say('lifetime', 'warn', `revocast: ${problem}`);
    },
  });
  releases.push(stopWatching, () => void stopComparing?.());
  for (const name of state.switchedOff) {
    log?.say(`off ${name}`, 'warn', `revocast: ${name} is null: this check is switched off`);
  }

  const declareFailOpen = (whenUnknown: WhenUnknown): void => {
    if (whenUnknown === 'accept') feed?.failOpen();
  };
  const defaultWhenUnknown = revocation?.whenUnknown ?? 'unavailable';
  declareFailOpen(defaultWhenUnknown);
  const verifierParts: VerifierParts = {
    decide: (request, whenUnknown = defaultWhenUnknown) => verifyAccessToken(request, verification, whenUnknown),
    acceptAgain: (request, monotonicMs) => acceptAgain(request, verification, monotonicMs),
    declareFailOpen,
    watch: (auth, watchOptions) => watchStream(auth, watchOptions, streams),
    telemetry,
    decided: takeDecisionHook(options, parts),
    clock,
    answerStyle: { ...options, random, dpop },
    reportOnly: options.dangerouslyReportOnly,
  };
  // The caller of verify() acts on the decision itself, so it is counted as enforced.
  const gate = new Gate({ ...verifierParts, reportOnly: false }, readGateOptions('verify', {}));
  const verifier: Verifier = disposable<Undisposed<Verifier>>({
    verify(request, verifyOptions) {
      const whenUnknown = verifyOptions?.whenUnknown;
      if (whenUnknown !== undefined) declareFailOpen(whenUnknown);
      return gate.decide(request, whenUnknown);
    },
    watch: (auth, watchOptions) => watchStream(auth, watchOptions, streams),
    ready: (options) => state.ready(readReadyOptions('ready', options, withoutEnvironment).timeoutMs),
    status: () => state.status(),
    prefetch: () => state.prefetch(),
    async close() {
      await Promise.all(releases.splice(0).map((release) => release()));
    },
  });
  return attachParts(verifier, verifierParts);
}

interface StreamDependencies {
  readonly options: ResolvedOptions;
  readonly feed: SharedReplica | undefined;
  readonly parts: PartDependencies;
}

/** Null where no feed could end a stream: a look-up answers questions, and reports nothing. */
function takeStreams({ options, feed, parts }: StreamDependencies): WatchedStreams | null {
  const { revocation, watch } = options;
  if (revocation !== null && feed === undefined) return null;
  const { whenUnknown, onLogReset } = revocation ?? { whenUnknown: 'accept', onLogReset: 'accept' };
  const streams = new WatchedStreams({ ...parts, ...watch, feed, whenUnknown, onLogReset });
  parts.releases.push(() => streams.close());
  return streams;
}

function watchStream(auth: Auth, options: WatchOptions | undefined, streams: WatchedStreams | null): Watch {
  if (streams === null) {
    throw new ConfigurationError('watch', 'expected a verifier with `revocation.feed`, found one with look-ups only');
  }
  const token = typeof auth === 'object' && auth !== null ? tokenOf(auth) : undefined;
  if (token === undefined) {
    throw new ConfigurationError(
      'watch',
      'expected `req.auth`, or the `auth` of a decision or passage, and no copy of it',
    );
  }
  return streams.watch(token, options);
}

/** As a process reports them: a hook decides about each issuer while requests come in. */
function trustedBy({ issuers, issuerResolver }: ResolvedOptions): TrustedIssuers {
  return issuerResolver === undefined ? trustedIssuers(issuers.map(({ issuer }) => issuer)) : anyIssuer;
}

function partDependencies(options: ResolvedOptions, dependencies: VerifierDependencies): PartDependencies {
  const { registry, openTelemetry, logger } = options;
  const { clock } = dependencies;
  const counted =
    registry === undefined ? noTelemetry : prometheusTelemetry({ registry, version, node: process.version });
  const telemetry =
    openTelemetry === undefined ? counted : withOpenTelemetry(counted, { ...options, openTelemetry, clock });
  const log = logger === null ? undefined : takeLog(logger, dependencies);
  const releases: PartDependencies['releases'] = [];
  const parts = { ...dependencies, telemetry, log, releases };
  return { ...parts, telemetry: takeUsage(options, parts) };
}

function takeDecisionHook({ onDecision, logRefusals, logger }: ResolvedOptions, parts: PartDependencies) {
  const { clock, log, stderr } = parts;
  return decisionHook({
    onDecision,
    refusals: logRefusals && new RefusalLog({ logger: logger ?? { info: stderr }, clock, ...logRefusals }),
    failed: () =>
      log?.say('onDecision', 'warn', 'revocast: onDecision threw or rejected: fix the hook; no decision is affected'),
  });
}

/** One log for each logger, so that verifiers that share a feed write each line once. */
function takeLog(logger: Logger | undefined, { shared, clock, stderr }: VerifierDependencies): StateLog {
  const log = shared.logs.get(logger) ?? new StateLog(logger ?? { info: stderr, warn: stderr }, clock);
  shared.logs.set(logger, log);
  return log;
}

/** One thread for all verifiers of the process. */
function takeVerifySignature({ shared, startSignatureThread, afterTurn, releases }: PartDependencies): VerifySignature {
  const thread = shared.signatureThreads.take(
    'of this process',
    releases,
    () => new SignatureThread({ start: startSignatureThread, afterTurn }),
  );
  return shared.slowChecks.beside((signed, alg, key) => thread.verify(signed, alg, key));
}
