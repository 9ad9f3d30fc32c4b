import { ruleMarginSeconds } from '@revocast/denylist/replica';
import {
  type ClientCertificateOptions,
  type DpopOptions,
  dpopNumbers,
  type ResolvedDpop,
  readClientCertificate,
  readDpop,
} from '../binding/binding-options.ts';
import { ConfigurationError } from '../errors.ts';
import { defaultKeySetLimits, type KeySetLimits, keySetLimitTable } from '../jwks/limits.ts';
import {
  type ResolvedRevocation,
  type RevocationOptions,
  readRevocation,
  revocationNumbers,
} from '../revocation/revocation-options.ts';
import { type ResolvedUsage, readUsage, type UsageOptions, usageNumbers } from '../usage/usage-options.ts';
import { type ClientClasses, readClientClasses } from './client-classes.ts';
import {
  type IssuerOptions,
  type IssuerResolverOptions,
  issuerOptionNames,
  issuerResolverNumbers,
  knownAlgorithms,
  type ResolvedIssuers,
  resolveIssuers,
} from './issuer-options.ts';
import {
  isGiven,
  type NumberBounds,
  type OptionEnvironment,
  orDefault,
  readBoolean,
  readNumber,
  readString,
  readStrings,
  readUrl,
  refuse,
  refuseUnknownKeys,
} from './read-option.ts';
import {
  type Logger,
  type MetricsRegistry,
  type OpenTelemetryOptions,
  readLogger,
  readOpenTelemetry,
  readRegistry,
} from './telemetry-options.ts';

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
  /**
   * Class → its client ids, for what is counted by class: at most 20, who is in none is `other`. One object for all
   * verifiers that are to be counted together. Default none.
   */
  readonly clientClasses?: Readonly<Record<string, readonly string[]>>;
  /** Count how tokens and scopes are used, and report it to the sidecar: docs/usage.md. Default null: not counted. */
  readonly usage?: UsageOptions | null;
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
  'usage.maxSpeedKmh': usageNumbers.maxSpeedKmh,
  'usage.maxPlaces': usageNumbers.maxPlaces,
  'revocation.maxStalenessMs': revocationNumbers.maxStalenessMs,
  'revocation.lookupTimeoutMs': revocationNumbers.lookupTimeoutMs,
  'revocation.maxRules': revocationNumbers.maxRules,
} as const satisfies Record<string, NumberBounds & { default: number | undefined }>;

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
  'clientClasses',
  'usage',
  'openTelemetry',
  'dangerouslyAllowHttp',
  'dangerouslyReportOnly',
] as const satisfies readonly (keyof VerifierOptions)[];

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
  readonly clientClasses: ClientClasses;
  readonly usage: ResolvedUsage | undefined;
  readonly openTelemetry: OpenTelemetryOptions | undefined;
  readonly dangerouslyAllowHttp: boolean;
  readonly dangerouslyReportOnly: boolean;
}

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
    clockToleranceMs: numberOption('clockToleranceMs', given['clockToleranceMs']),
    maxTokenAgeMs: numberOption('maxTokenAgeMs', given['maxTokenAgeMs']),
    maxTokenLifetimeMs: numberOption('maxTokenLifetimeMs', given['maxTokenLifetimeMs']),
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
    clientClasses: readClientClasses(given['clientClasses']),
    usage: readUsage(given['usage']),
    openTelemetry: orDefault(given['openTelemetry'], undefined, readOpenTelemetry),
    dangerouslyAllowHttp: allowHttp,
    dangerouslyReportOnly: orDefault(given['dangerouslyReportOnly'], false, (value) =>
      readBoolean('dangerouslyReportOnly', value),
    ),
  });
}

/** The value, within its bounds, or its default from the table. */
function numberOption<Name extends keyof typeof numberOptions>(
  name: Name,
  value: unknown,
): number | (typeof numberOptions)[Name]['default'] {
  return orDefault(value, numberOptions[name].default, (found) => readNumber(name, found, numberOptions[name]));
}

function readAudience(value: unknown): readonly string[] | null {
  if (value === undefined) {
    throw new ConfigurationError('audience', 'say which audience this API is (null accepts tokens for anybody)');
  }
  return value === null ? null : readStrings('audience', value);
}

function readTokenCache(value: unknown): number | null {
  if (value === undefined) return numberOptions['tokenCache.maxEntries'].default;
  if (value === null) return null;
  if (!isGiven(value)) refuse('tokenCache', 'an object or null', value);
  refuseUnknownKeys('tokenCache.', value, ['maxEntries']);
  return numberOption('tokenCache.maxEntries', value['maxEntries']);
}

function readKeySetLimits(value: unknown): KeySetLimits {
  if (value === undefined) return defaultKeySetLimits;
  if (!isGiven(value)) refuse('keySet', 'an object', value);
  refuseUnknownKeys('keySet.', value, Object.keys(keySetLimitTable));
  const changes = Object.entries(keySetLimitTable)
    .filter(([name]) => value[name] !== undefined)
    .map(([name, bounds]) => [name, readNumber(`keySet.${name}`, value[name], bounds)]);
  const limits: KeySetLimits = { ...defaultKeySetLimits, ...Object.fromEntries(changes) };
  refuseContradictions(limits);
  return Object.freeze(limits);
}

/** Each number may be good and both together nonsense: a set that expires before it is refreshed makes everybody wait. */
function refuseContradictions({ softAgeMs, hardAgeMs, backoffBaseMs, backoffCapMs }: KeySetLimits): void {
  if (hardAgeMs <= softAgeMs) refuse('keySet.hardAgeMs', `more than softAgeMs (${softAgeMs} ms)`, hardAgeMs);
  if (backoffCapMs < backoffBaseMs) {
    refuse('keySet.backoffCapMs', `backoffBaseMs (${backoffBaseMs} ms) or more`, backoffCapMs);
  }
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
