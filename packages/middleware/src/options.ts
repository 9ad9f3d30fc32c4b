import {
  defaultMaxStalenessMs,
  type Feed,
  type LookUp,
  leastMaxStalenessMs,
  mostMaxStalenessMs,
  type OpenTelemetryApi,
  ruleMarginSeconds,
} from '@revocast/denylist/replica';
import {
  type ClientCertificateOptions,
  type DpopOptions,
  dpopNumbers,
  type ResolvedDpop,
  readClientCertificate,
  readDpop,
} from './binding/binding-options.ts';
import type { WhenUnknown } from './decision.ts';
import { ConfigurationError } from './errors.ts';
import {
  type IssuerOptions,
  type IssuerResolverOptions,
  issuerOptionNames,
  issuerResolverNumbers,
  knownAlgorithms,
  type ResolvedIssuers,
  resolveIssuers,
} from './issuer-options.ts';
import { defaultKeySetLimits, type KeySetLimits, keySetLimitTable } from './jwks/limits.ts';
import {
  isGiven,
  type NumberBounds,
  orDefault,
  readBoolean,
  readNumber,
  readOneOf,
  readString,
  readStrings,
  readUrl,
  refuse,
  refuseUnknownKeys,
} from './read-option.ts';

/** Where lines about changes of state go; `console` and every common logger fit. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
}

/** What of a metrics registry is used; that of prom-client 15 and of its successor fit. */
export interface MetricsRegistry {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
}

/** Traces and counters for OpenTelemetry: names in docs/opentelemetry.md. */
export interface OpenTelemetryOptions {
  /** `import * as api from '@opentelemetry/api'`. */
  readonly api: OpenTelemetryApi;
  /** Class → its client ids. Classes are attributes of counters: at most 20; who is in none is `other`. Default none. */
  readonly clientClasses?: Readonly<Record<string, readonly string[]>>;
}

/** How revocations reach this process. */
export interface RevocationOptions {
  /**
   * Where the denylist is replicated from: the URL of a sidecar (`http://`, `https://`, `unix:`), `redis://` or
   * `rediss://` (the process replicates itself), a publisher, a feed, or null with a `lookup` (ask for each request).
   * Default: the environment variable `REVOCAST_FEED`, else `http://127.0.0.1:7471`.
   */
  readonly feed?: string | Feed | { readonly feed: Feed } | null;
  /** Asked when memory cannot tell: `redis://` or `rediss://`. Default: `REVOCAST_LOOKUP`, else none. */
  readonly lookup?: string | LookUp | null;
  /** Milliseconds, 2000–60000, default 5000: how old the proof of completeness may be. */
  readonly maxStalenessMs?: number;
  /** Milliseconds, 1–1000, default 50: the whole of one look-up. */
  readonly lookupTimeoutMs?: number;
  /** Rules held at most, 1–100000000, default 4000000; at the cap the denylist is not fresh. */
  readonly maxRules?: number;
  /** When nobody can tell: `unavailable` answers 503 (default), `accept` lets the token in, counts it and marks it. */
  readonly whenUnknown?: WhenUnknown;
  /** File with the bearer token of a sidecar on another host. */
  readonly tokenFile?: string;
}

export interface VerifierOptions extends Omit<IssuerOptions, 'issuer'> {
  /** The one trusted issuer. Give this or `issuers`. */
  readonly issuer?: string;
  /**
   * Several trusted issuers, each bound to its own keys, or a hook that knows them. What they leave out is taken from the
   * options beside.
   */
  readonly issuers?: readonly (string | IssuerOptions)[] | IssuerResolverOptions;
  /** Who this API is: tokens for nobody of these are refused. `null` accepts tokens for anybody, and warns. */
  readonly audience: string | readonly string[] | null;
  /** Milliseconds, 0–300000, default 5000: allowance for clocks that differ, on exp, nbf and iat. */
  readonly clockToleranceMs?: number;
  /** Milliseconds, 1000–4294967295000, default none: refuse tokens issued longer ago, whatever their `exp`. */
  readonly maxTokenAgeMs?: number;
  /** Milliseconds, 1000–4294967295000, default 86400000: refuse tokens with a longer `exp - iat`; at most the log's. */
  readonly maxTokenLifetimeMs?: number;
  /** Remember verified tokens. Default `{ maxEntries: 10000 }` (1–1000000); null verifies each anew. */
  readonly tokenCache?: { readonly maxEntries?: number } | null;
  /** Numbers of the key set cache; units, defaults and bounds in docs/verification.md. */
  readonly keySet?: Partial<KeySetLimits>;
  /** How revocations reach this process; null switches revocation off, and warns. */
  readonly revocation?: RevocationOptions | null;
  /** Take tokens that are bound to a key of the client, with a proof (RFC 9449). Default none: they are refused. */
  readonly dpop?: DpopOptions;
  /**
   * Where the certificate of a client is found when a proxy ends its TLS connection. Default: the TLS socket (RFC 8705).
   */
  readonly clientCertificate?: ClientCertificateOptions;
  /** `realm` of challenges: printable ASCII without `"` and `\`. Default none. */
  readonly realm?: string;
  /** Adds the reason to error bodies. Default false: clients learn the RFC 6750 error only. */
  readonly exposeReason?: boolean;
  /** URL of the RFC 9728 document, named in challenges. Default none. */
  readonly resourceMetadata?: string;
  /** Default: one line on stderr per change of state, at most one a minute each; null silences. */
  readonly logger?: Logger | null;
  /** Registry that the metrics are registered on. Default none. */
  readonly metrics?: { readonly registry: MetricsRegistry };
  /** Spans and counters for OpenTelemetry; one object for all verifiers that are to be counted together. Default none. */
  readonly openTelemetry?: OpenTelemetryOptions;
  /** Fetch key sets over `http:` too: whoever is on the path can then make tokens. Default false. */
  readonly dangerouslyAllowHttp?: boolean;
  /** Decide and count `would_reject`, but refuse nothing and set no `req.auth`. Default false. */
  readonly dangerouslyReportOnly?: boolean;
}

const lastSecondMs = 0xffff_ffff * 1000;

/** The numbers among the options; bounds are inclusive. */
export const numberOptions = {
  clockToleranceMs: { unit: 'ms', default: 5000, min: 0, max: ruleMarginSeconds * 1000 },
  maxTokenAgeMs: { unit: 'ms', default: undefined, min: 1000, max: lastSecondMs },
  maxTokenLifetimeMs: { unit: 'ms', default: 86_400_000, min: 1000, max: lastSecondMs },
  'tokenCache.maxEntries': { unit: 'tokens', default: 10_000, min: 1, max: 1_000_000 },
  'issuers.maxEntries': issuerResolverNumbers.maxEntries,
  'issuers.maxAgeMs': issuerResolverNumbers.maxAgeMs,
  'issuers.refusedMs': issuerResolverNumbers.refusedMs,
  'issuers.timeoutMs': issuerResolverNumbers.timeoutMs,
  'dpop.proofMaxAgeMs': dpopNumbers.proofMaxAgeMs,
  'dpop.nonceLifetimeMs': dpopNumbers.nonceLifetimeMs,
  'dpop.maxReplays': dpopNumbers.maxReplays,
  'revocation.maxStalenessMs': {
    unit: 'ms',
    default: defaultMaxStalenessMs,
    min: leastMaxStalenessMs,
    max: mostMaxStalenessMs,
  },
  'revocation.lookupTimeoutMs': { unit: 'ms', default: 50, min: 1, max: 1000 },
  'revocation.maxRules': { unit: 'rules', default: 4_000_000, min: 1, max: 100_000_000 },
} as const satisfies Record<string, NumberBounds & { default: number | undefined }>;

export const defaultFeed = 'http://127.0.0.1:7471';

export const revocationOptionNames = [
  'feed',
  'lookup',
  'maxStalenessMs',
  'lookupTimeoutMs',
  'maxRules',
  'whenUnknown',
  'tokenFile',
] as const satisfies readonly (keyof RevocationOptions)[];

export const verifierOptionNames = [
  ...issuerOptionNames,
  'issuers',
  'audience',
  'clockToleranceMs',
  'maxTokenAgeMs',
  'maxTokenLifetimeMs',
  'tokenCache',
  'keySet',
  'revocation',
  'realm',
  'dpop',
  'clientCertificate',
  'exposeReason',
  'resourceMetadata',
  'logger',
  'metrics',
  'openTelemetry',
  'dangerouslyAllowHttp',
  'dangerouslyReportOnly',
] as const satisfies readonly (keyof VerifierOptions)[];

export interface ResolvedRevocation {
  readonly feed: string | Feed | null;
  readonly lookup: string | LookUp | null;
  readonly maxStalenessMs: number;
  readonly lookupTimeoutMs: number;
  readonly maxRules: number;
  readonly whenUnknown: WhenUnknown;
  readonly tokenFile: string | undefined;
}

/** The options with every default in place: frozen, and never read from anywhere else. */
export interface ResolvedOptions extends ResolvedIssuers {
  readonly audience: readonly string[] | null;
  readonly clockToleranceMs: number;
  readonly maxTokenAgeMs: number | undefined;
  readonly maxTokenLifetimeMs: number;
  readonly tokenCacheEntries: number | null;
  readonly keySet: KeySetLimits;
  readonly revocation: ResolvedRevocation | null;
  readonly dpop: ResolvedDpop | undefined;
  readonly clientCertificate: ClientCertificateOptions | undefined;
  readonly realm: string | undefined;
  readonly exposeReason: boolean;
  readonly resourceMetadata: string | undefined;
  readonly logger: Logger | null | undefined;
  readonly registry: MetricsRegistry | undefined;
  readonly openTelemetry: OpenTelemetryOptions | undefined;
  readonly dangerouslyAllowHttp: boolean;
  readonly dangerouslyReportOnly: boolean;
}

/** The environment variables that are defaults of options. */
export type OptionEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Validates options, fills in defaults and freezes the result.
 *
 * @throws ConfigurationError naming the option, its bound and what kind of value was found: never the value of a string.
 */
export function resolveOptions(given: unknown, environment: OptionEnvironment = {}): ResolvedOptions {
  if (!isGiven(given)) refuse('options', 'an object', given);
  refuseUnknownKeys('', given, verifierOptionNames);
  const allowHttp = orDefault(given['dangerouslyAllowHttp'], false, (value) =>
    readBoolean('dangerouslyAllowHttp', value),
  );
  return Object.freeze({
    ...resolveIssuers(given, allowHttp),
    audience: readAudience(given['audience']),
    clockToleranceMs: numberOption('clockToleranceMs', given['clockToleranceMs'], 5000),
    maxTokenAgeMs: numberOption('maxTokenAgeMs', given['maxTokenAgeMs'], undefined),
    maxTokenLifetimeMs: numberOption('maxTokenLifetimeMs', given['maxTokenLifetimeMs'], 86_400_000),
    tokenCacheEntries: readTokenCache(given['tokenCache']),
    keySet: readKeySetLimits(given['keySet']),
    revocation: readRevocation(given['revocation'], environment),
    dpop: orDefault(given['dpop'], undefined, (value) => readDpop(value, { allowHttp, algorithms: knownAlgorithms })),
    clientCertificate: orDefault(given['clientCertificate'], undefined, readClientCertificate),
    realm: orDefault(given['realm'], undefined, readRealm),
    exposeReason: orDefault(given['exposeReason'], false, (value) => readBoolean('exposeReason', value)),
    resourceMetadata: orDefault(given['resourceMetadata'], undefined, readResourceMetadata),
    logger: readLogger(given['logger']),
    registry: readRegistry(given['metrics']),
    openTelemetry: orDefault(given['openTelemetry'], undefined, readOpenTelemetry),
    dangerouslyAllowHttp: allowHttp,
    dangerouslyReportOnly: orDefault(given['dangerouslyReportOnly'], false, (value) =>
      readBoolean('dangerouslyReportOnly', value),
    ),
  });
}

function numberOption<Default>(name: keyof typeof numberOptions, value: unknown, fallback: Default): number | Default {
  return orDefault(value, fallback, (found) => readNumber(name, found, numberOptions[name]));
}

function readAudience(value: unknown): readonly string[] | null {
  if (value === undefined) {
    throw new ConfigurationError('audience', 'say which audience this API is (null accepts tokens for anybody)');
  }
  return value === null ? null : readStrings('audience', value);
}

function readTokenCache(value: unknown): number | null {
  const fallback = numberOptions['tokenCache.maxEntries'].default;
  if (value === undefined) return fallback;
  if (value === null) return null;
  if (!isGiven(value)) refuse('tokenCache', 'an object or null', value);
  refuseUnknownKeys('tokenCache.', value, ['maxEntries']);
  return numberOption('tokenCache.maxEntries', value['maxEntries'], fallback);
}

function readKeySetLimits(value: unknown): KeySetLimits {
  if (value === undefined) return defaultKeySetLimits;
  if (!isGiven(value)) refuse('keySet', 'an object', value);
  refuseUnknownKeys('keySet.', value, Object.keys(keySetLimitTable));
  const changes = Object.entries(keySetLimitTable)
    .filter(([name]) => value[name] !== undefined)
    .map(([name, bounds]) => [name, readNumber(`keySet.${name}`, value[name], bounds)]);
  return Object.freeze({ ...defaultKeySetLimits, ...Object.fromEntries(changes) });
}

function readRevocation(value: unknown, environment: OptionEnvironment): ResolvedRevocation | null {
  if (value === null) return null;
  const given = value ?? {};
  if (!isGiven(given)) refuse('revocation', 'an object or null', value);
  refuseUnknownKeys('revocation.', given, revocationOptionNames);
  const feed = readFeed(given['feed'], environment);
  const lookup = readLookup(given['lookup'], environment);
  if (feed === null && lookup === null) {
    throw new ConfigurationError(
      'revocation.feed',
      'null needs a `lookup`; to switch revocation off write `revocation: null`',
    );
  }
  return Object.freeze({
    feed,
    lookup,
    maxStalenessMs: numberOption('revocation.maxStalenessMs', given['maxStalenessMs'], defaultMaxStalenessMs),
    lookupTimeoutMs: numberOption('revocation.lookupTimeoutMs', given['lookupTimeoutMs'], 50),
    maxRules: numberOption('revocation.maxRules', given['maxRules'], 4_000_000),
    whenUnknown: orDefault(given['whenUnknown'], 'unavailable' as const, (policy) =>
      readOneOf('revocation.whenUnknown', policy, ['unavailable', 'accept'] as const),
    ),
    tokenFile: orDefault(given['tokenFile'], undefined, (path) => readString('revocation.tokenFile', path)),
  });
}

const feedSchemes = ['http:', 'https:', 'unix:', 'redis:', 'rediss:'];
/** Sentinel and Cluster are named in the scheme. */
const redisUrl = /^rediss?(\+sentinel|\+cluster)?:/;

function readFeed(value: unknown, environment: OptionEnvironment): ResolvedRevocation['feed'] {
  if (value === null) return null;
  if (isFeed(value)) return value;
  if (isGiven(value) && isFeed(value['feed'])) return value['feed'];
  const [option, url] =
    value === undefined ? ['REVOCAST_FEED', environment['REVOCAST_FEED'] || defaultFeed] : ['revocation.feed', value];
  if (typeof url === 'string' && (redisUrl.test(url) || feedSchemes.some((scheme) => url.startsWith(scheme))))
    return url;
  return refuse(option, `a URL (${feedSchemes.join(' ')}), a publisher, a feed or null`, url);
}

function readLookup(value: unknown, environment: OptionEnvironment): ResolvedRevocation['lookup'] {
  if (value === null) return null;
  if (isLookUp(value)) return value;
  const [option, url] =
    value === undefined ? ['REVOCAST_LOOKUP', environment['REVOCAST_LOOKUP'] || null] : ['revocation.lookup', value];
  if (url === null) return null;
  if (typeof url === 'string' && redisUrl.test(url)) return url;
  return refuse(option, 'a redis: or rediss: URL, a look-up or null', url);
}

function isFeed(value: unknown): value is Feed {
  return hasMethods(value, ['connect']) && 'name' in value && typeof value.name === 'string';
}

function isLookUp(value: unknown): value is LookUp {
  return hasMethods(value, ['find', 'close']);
}

/** Methods may come from a prototype: a publisher, a logger and a registry are instances of classes. */
function hasMethods(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

function readRealm(value: unknown): string {
  const realm = readString('realm', value);
  // RFC 9110 §5.6.4: a quoted-string; without the two characters that would need escaping.
  return /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(realm)
    ? realm
    : refuse('realm', '1–128 printable ASCII characters without quote and backslash', value);
}

function readResourceMetadata(value: unknown): string {
  return new URL(readUrl('resourceMetadata', value, true)).href;
}

function readLogger(value: unknown): Logger | null | undefined {
  if (value === undefined || value === null) return value;
  return isLogger(value) ? value : refuse('logger', 'an object with `info` and `warn`, or null', value);
}

function isLogger(value: unknown): value is Logger {
  return hasMethods(value, ['info', 'warn']);
}

function readRegistry(value: unknown): MetricsRegistry | undefined {
  if (value === undefined) return undefined;
  if (!isGiven(value)) refuse('metrics', 'an object with a `registry`', value);
  refuseUnknownKeys('metrics.', value, ['registry']);
  return isRegistry(value['registry'])
    ? value['registry']
    : refuse('metrics.registry', 'a metrics registry (with `registerMetric`)', value['registry']);
}

function isRegistry(value: unknown): value is MetricsRegistry {
  return hasMethods(value, ['registerMetric', 'getSingleMetric']);
}

const maxClientClasses = 20;

function readOpenTelemetry(value: unknown): OpenTelemetryOptions {
  if (!isGiven(value)) refuse('openTelemetry', 'an object with an `api`', value);
  refuseUnknownKeys('openTelemetry.', value, ['api', 'clientClasses']);
  const { api, clientClasses = {} } = value;
  if (!isOpenTelemetryApi(api)) refuse('openTelemetry.api', 'what `@opentelemetry/api` exports', api);
  if (!isGiven(clientClasses)) refuse('openTelemetry.clientClasses', 'an object', clientClasses);
  const names = Object.keys(clientClasses);
  if (names.length > maxClientClasses || !names.every((name) => /^[\w.:-]{1,64}$/.test(name))) {
    const expected = `at most ${maxClientClasses} names of 1–64 letters, digits or . : - _`;
    throw new ConfigurationError('openTelemetry.clientClasses', `expected ${expected}`);
  }
  for (const name of names) readStrings(`openTelemetry.clientClasses.${name}`, clientClasses[name]);
  // As it was given: verifiers that were handed the same object are counted together.
  return value as unknown as OpenTelemetryOptions; // read above
}

function isOpenTelemetryApi(value: unknown): value is OpenTelemetryApi {
  return (
    typeof value === 'object' &&
    value !== null &&
    hasMethods(Reflect.get(value, 'trace'), ['getTracer', 'setSpanContext']) &&
    hasMethods(Reflect.get(value, 'metrics'), ['getMeter'])
  );
}
