import { backdatingSeconds, defaultMaxTokenLifetimeSeconds } from '@revocast/denylist/replica';
import type { Decision } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import type { AnyRequest, RequestWithHeaders } from '../token/bearer.ts';
import { defaultMaxTokenBytes } from '../token/compact.ts';
import {
  type ClientCertificateOptions,
  clientCertificateTable,
  type DpopOptions,
  dpopTable,
  type ResolvedClientCertificate,
  type ResolvedDpop,
} from './binding-options.ts';
import { type ClientClasses, clientClassBounds, readClientClasses } from './client-classes.ts';
import { type IssuerOptions, type IssuerResolverOptions, issuerTable } from './issuer-options.ts';
import { type KeySetLimits, type KeySetOptions, readKeySetLimits } from './key-set-options.ts';
import {
  developmentFlag,
  flag,
  type GivenOptions,
  group,
  number,
  option,
  optional,
  type ReadOptions,
  requiredNumber,
} from './option-table.ts';
import {
  isGiven,
  type OptionEnvironment,
  pick,
  readBoolean,
  readFunction,
  readString,
  readStrings,
  readUrl,
  refuse,
  refuseUnknownKeys,
} from './read-option.ts';
import { type ResolvedIssuers, resolveIssuers } from './resolve-issuers.ts';
import { type ResolvedRevocation, type RevocationOptions, readRevocation } from './revocation-options.ts';
import { isLogger, type Logger, metricsTable, readOpenTelemetry } from './telemetry-options.ts';
import { type ResolvedUsage, readUsage, type UsageOptions } from './usage-options.ts';

const lastSecondMs = 0xffff_ffff * 1000;
const maxClockToleranceMs = 300_000;
const defaultMaxTokenLifetimeMs = (defaultMaxTokenLifetimeSeconds + backdatingSeconds) * 1000;

/** The options `tokenCache`. */
export const tokenCacheTable = {
  /** Tokens kept. A further one replaces one that was not used for some time. Tokens, 1–1000000, default 10000. */
  maxEntries: number({ unit: 'tokens', default: 10_000, min: 1, max: 1_000_000 }),
};

const readTokenCache = group(tokenCacheTable);

/** The options `watch`. */
export const watchTable = {
  /** Streams that one verifier watches at once. Above it `watch` throws. Streams, 1–1000000, default 100000. */
  maxStreams: number({ unit: 'streams', default: 100_000, min: 1, max: 1_000_000 }),
};

const readWatch = group(watchTable);

/** The options `logRefusals`. */
export const logRefusalsTable = {
  /** Lines in a minute. The next line says how many refusals were left out. */
  perMinute: requiredNumber({ unit: 'lines', min: 1, max: 6000 }),
};

/** The hooks, as methods: a caller may type the request more narrowly. */
interface DecisionHooks {
  onDecision(decision: Decision, request: RequestWithHeaders): unknown;
}

/** The options of a verifier, beside those of its issuers. */
export const verifierTable = {
  /**
   * The audiences of this API: tokens whose `aud` contains none of them are rejected. `null` accepts every audience, and
   * logs a warning. Default: `REVOCAST_AUDIENCE`.
   */
  audience: option<readonly string[] | null, string | readonly string[] | null>({
    default: '`REVOCAST_AUDIENCE`',
    bounds: 'a string, an array of strings, or null',
    read: (name, value, { environment }) => {
      if (value !== undefined) return value === null ? null : readStrings(name, value);
      // One or several, separated by spaces: no audience contains one.
      const listed = environment['REVOCAST_AUDIENCE']?.split(' ').filter((each) => each !== '') ?? [];
      if (listed.length > 0) return listed;
      throw new ConfigurationError(
        name,
        'say which audience this API is, here or in REVOCAST_AUDIENCE (null accepts the tokens of every audience)',
      );
    },
  }),
  /** Allowance for clocks that differ: on `nbf`, and up to 150000 on `exp`. Milliseconds, 0–300000, default 5000. */
  clockToleranceMs: number({ unit: 'ms', default: 5000, min: 0, max: maxClockToleranceMs }),
  /**
   * How far `iat` may be ahead: at most what the log adds to a cutoff of now, which is also the default (5000 in a new log, 2000
   * in one of the last release). Without revocation the default is `clockToleranceMs`, up to 150000. With a greater number than
   * that of the log the verifier is never ready. Milliseconds, 0–60000, default none.
   */
  iatToleranceMs: number({ unit: 'ms', default: undefined, min: 0, max: 60_000 }),
  /** Reject tokens issued longer ago than this, whatever their `exp`. Milliseconds, 1000–4294967295000, default none. */
  maxTokenAgeMs: number({ unit: 'ms', default: undefined, min: 1000, max: lastSecondMs }),
  /**
   * Reject tokens with a longer `exp - iat`. The default is a day and the 5 minutes by which some issuers date tokens back.
   * Tokens that live longer than the log keeps its rules get 503. Milliseconds, 1000–4294967295000, default 86700000.
   */
  maxTokenLifetimeMs: number({ unit: 'ms', default: defaultMaxTokenLifetimeMs, min: 1000, max: lastSecondMs }),
  /**
   * Longest token. Node rejects a longer header section than `--max-http-header-size` (16 KiB unless raised) with 431,
   * before any middleware sees it. Bytes, 1024–65536, default 8192.
   */
  maxTokenBytes: number({ unit: 'bytes', default: defaultMaxTokenBytes, min: 1024, max: 65_536 }),
  /** The cache of verified tokens. `null` verifies each request anew. Default: `{ maxEntries: 10000 }`. */
  tokenCache: option<ReadOptions<typeof tokenCacheTable> | null, GivenOptions<typeof tokenCacheTable> | null>({
    default: '`{ maxEntries: 10000 }`',
    bounds: 'an object or null',
    read: (name, value = {}, context) => (value === null ? null : readTokenCache(name, value, context)),
  }),
  /** Numbers of the key set cache. Default: see below. */
  keySet: option<KeySetLimits, KeySetOptions>({ default: 'see below', bounds: 'an object', read: readKeySetLimits }),
  /** How revocations reach this process. `null` switches revocation off, and logs a warning. Default: on. */
  revocation: option<ResolvedRevocation | null, RevocationOptions | null>({
    default: 'on',
    bounds: 'an object or null',
    read: readRevocation,
  }),
  /** Accept tokens that are bound to a key of the client, with a DPoP proof (RFC 9449). Otherwise they are rejected. Default: none. */
  dpop: optional<ResolvedDpop, DpopOptions>({ bounds: 'an object', read: group(dpopTable) }),
  /** Where the certificate of a client is found when a proxy ends its TLS connection (RFC 8705). Default: the TLS socket. */
  clientCertificate: optional<ResolvedClientCertificate, ClientCertificateOptions>({
    default: 'the TLS socket',
    bounds: 'an object',
    read: group(clientCertificateTable),
  }),
  /** `realm` of challenges (RFC 9110 §11.5). Default: none. */
  realm: optional({
    bounds: '1–128 printable ASCII characters without quote and backslash',
    // RFC 9110 §5.6.4: a quoted-string, without the two characters that would need an escape.
    read: (name, value) => /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/.exec(readString(name, value))?.[0],
  }),
  /**
   * Add the reason to the bodies of errors. Otherwise clients receive only the RFC 6750 error. `development` adds it while
   * `NODE_ENV` is `development`. Default: false.
   */
  exposeReason: developmentFlag,
  /**
   * Hook that receives each decision and its request: of `protect` and `verify`, and of a guard that refuses. It runs while the
   * request waits. Its errors are logged, and change nothing else. Default: none.
   */
  onDecision: optional<(decision: Decision, request: AnyRequest) => unknown, DecisionHooks['onDecision']>({
    bounds: 'a function',
    read: readFunction,
  }),
  /** Log why requests are refused: reason and issuer alias, nothing of the token. Default: none. */
  logRefusals: optional<ReadOptions<typeof logRefusalsTable>, GivenOptions<typeof logRefusalsTable>>({
    bounds: 'an object with `perMinute`',
    read: group(logRefusalsTable),
  }),
  /** URL of the protected resource metadata (RFC 9728), named in challenges. Default: none. */
  resourceMetadata: optional({ bounds: 'a URL', read: (name, value) => new URL(readUrl(name, value, true)).href }),
  /** Receives a line for each change of state, at most one a minute for each. `null` logs nothing. Default: stderr. */
  logger: optional<Logger | null>({
    default: 'stderr',
    bounds: 'an object with `info` and `warn`, or null',
    read: (_, value) => (value === null || isLogger(value) ? value : undefined),
  }),
  /** Where the metrics are registered. Default: none. */
  metrics: optional<ReadOptions<typeof metricsTable>, GivenOptions<typeof metricsTable>>({
    bounds: 'an object with a `registry`',
    read: group(metricsTable),
  }),
  /**
   * Client ids by class, for what is counted by class; a client in no class is `other`. Use one object for all verifiers
   * that are to be counted together. Default: none.
   */
  clientClasses: option<ClientClasses, Readonly<Record<string, readonly string[]>>>({
    default: 'none',
    bounds: clientClassBounds,
    read: readClientClasses,
  }),
  /**
   * Count how tokens and scopes are used, and report it to the sidecar (docs/usage.md). Use one object for all verifiers
   * that are to be counted together. `null` counts nothing. Default: null.
   */
  usage: option<ResolvedUsage | undefined, UsageOptions | null>({
    default: 'null',
    bounds: 'an object or null',
    read: readUsage,
  }),
  /**
   * Spans and counters for OpenTelemetry (docs/opentelemetry.md). Use one object for all verifiers that are to be counted
   * together. Default: none.
   */
  openTelemetry: optional({ bounds: 'an object with an `api`', read: readOpenTelemetry }),
  /** Open streams that end with their token: `verifier.watch()` and `endWithToken()` (docs/streams.md). Default: `{ maxStreams: 100000 }`. */
  watch: option<ReadOptions<typeof watchTable>, GivenOptions<typeof watchTable>>({
    default: '`{ maxStreams: 100000 }`',
    bounds: 'an object',
    read: (name, value = {}, context) => readWatch(name, value, context),
  }),
  /** Fetch key sets over `http:` too. An attacker on the network path can then make tokens. Default: false. */
  dangerouslyAllowHttp: flag,
  /** Decide and count `would_reject`, but reject nothing and set no `req.auth`. Default: false. */
  dangerouslyReportOnly: flag,
};

/** The options of `createVerifier` and `protect`. */
export interface VerifierOptions extends Omit<IssuerOptions, 'issuer'>, GivenOptions<typeof verifierTable> {
  /** The trusted issuer. Give this or `issuers`. Default: `REVOCAST_ISSUER`. */
  readonly issuer?: string | undefined;
  /**
   * Several trusted issuers, each bound to its own keys, or a hook that returns them. Omitted options of an issuer are those
   * of the verifier.
   */
  readonly issuers?: readonly (string | IssuerOptions)[] | IssuerResolverOptions | undefined;
}

/** The options with every default in place. Frozen; nothing else reads options. */
export type ResolvedOptions = ResolvedIssuers &
  Omit<ReadOptions<typeof verifierTable>, 'tokenCache' | 'metrics'> & {
    readonly tokenCacheEntries: number | null;
    readonly registry: ReadOptions<typeof metricsTable>['registry'] | undefined;
  };

const verifierNames = Object.keys(verifierTable);
const readVerifierOptions = group(verifierTable);

/**
 * Validates options, fills in defaults and freezes the result.
 *
 * @throws ConfigurationError naming the option, its bound and what kind of value was found: never the value of a string.
 */
export function resolveOptions(given: unknown = {}, environment: OptionEnvironment = {}): ResolvedOptions {
  if (!isGiven(given)) refuse('options', 'an object', given);
  refuseUnknownKeys('', given, [...Object.keys(issuerTable), 'issuers', ...verifierNames]);
  const allowHttp = readBoolean('dangerouslyAllowHttp', given['dangerouslyAllowHttp'] ?? false);
  const context = { allowHttp, environment };
  const issuers = resolveIssuers(given, context);
  const { tokenCache, metrics, ...others } = readVerifierOptions('', pick(given, verifierNames), context);
  if (others.logger === null && others.logRefusals !== undefined) refuse('logRefusals', 'a `logger` beside it', null);
  const { maxAgeMs = 0 } = issuers.issuerResolver ?? {};
  const { hardAgeMs } = others.keySet;
  // An issuer that is not confirmed before the hard age would be dropped, and its next request would wait for the hook.
  if (maxAgeMs >= hardAgeMs) refuse('issuers.maxAgeMs', `less than keySet.hardAgeMs (${hardAgeMs} ms)`, maxAgeMs);
  return Object.freeze({
    ...issuers,
    ...others,
    tokenCacheEntries: tokenCache === null ? null : tokenCache.maxEntries,
    registry: metrics?.registry,
  });
}
