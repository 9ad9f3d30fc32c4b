import {
  defaultMaxStalenessMs,
  type Feed,
  type LookUp,
  leastMaxStalenessMs,
  mostMaxStalenessMs,
} from '@revocast/denylist/replica';
import type { WhenUnknown } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import {
  hasMethods,
  isGiven,
  type NumberBounds,
  type OptionEnvironment,
  orDefault,
  readNumber,
  readOneOf,
  readString,
  refuse,
  refuseUnknownKeys,
} from '../options/read-option.ts';

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
  /**
   * After a total loss of the log that nobody has mended: whether a token issued before it was revoked may be forgotten.
   * `accept` lets such tokens in (default), `reject-older` refuses them; clients refresh. Both warn.
   */
  readonly onLogReset?: OnLogReset;
  /** File with the bearer token of a sidecar on another host. */
  readonly tokenFile?: string;
}

export type OnLogReset = 'accept' | 'reject-older';

export const defaultFeed = 'http://127.0.0.1:7471';

export const revocationOptionNames = [
  'feed',
  'lookup',
  'maxStalenessMs',
  'lookupTimeoutMs',
  'maxRules',
  'whenUnknown',
  'onLogReset',
  'tokenFile',
] as const satisfies readonly (keyof RevocationOptions)[];

/** The numbers of {@link RevocationOptions}; bounds are inclusive. */
export const revocationNumbers = {
  maxStalenessMs: { unit: 'ms', default: defaultMaxStalenessMs, min: leastMaxStalenessMs, max: mostMaxStalenessMs },
  lookupTimeoutMs: { unit: 'ms', default: 50, min: 1, max: 1000 },
  maxRules: { unit: 'rules', default: 4_000_000, min: 1, max: 100_000_000 },
} as const satisfies Record<string, NumberBounds & { default: number }>;

/** {@link RevocationOptions}, every decision made. */
export interface ResolvedRevocation {
  readonly feed: string | Feed | null;
  readonly lookup: string | LookUp | null;
  readonly maxStalenessMs: number;
  readonly lookupTimeoutMs: number;
  readonly maxRules: number;
  readonly whenUnknown: WhenUnknown;
  readonly onLogReset: OnLogReset;
  readonly tokenFile: string | undefined;
}

/** @throws ConfigurationError */
export function readRevocation(value: unknown, environment: OptionEnvironment): ResolvedRevocation | null {
  if (value === null) return null;
  const given = value ?? {};
  if (!isGiven(given)) refuse('revocation', 'an object or null', value);
  refuseUnknownKeys('revocation.', given, revocationOptionNames);
  const number = (name: keyof typeof revocationNumbers) =>
    orDefault(given[name], revocationNumbers[name].default, (found) =>
      readNumber(`revocation.${name}`, found, revocationNumbers[name]),
    );
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
    maxStalenessMs: number('maxStalenessMs'),
    lookupTimeoutMs: number('lookupTimeoutMs'),
    maxRules: number('maxRules'),
    whenUnknown: orDefault(given['whenUnknown'], 'unavailable' as const, (policy) =>
      readOneOf('revocation.whenUnknown', policy, ['unavailable', 'accept'] as const),
    ),
    onLogReset: orDefault(given['onLogReset'], 'accept' as const, (policy) =>
      readOneOf('revocation.onLogReset', policy, ['accept', 'reject-older'] as const),
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
