import {
  defaultMaxStalenessMs,
  type Feed,
  isIdentity,
  type LookUp,
  leastMaxStalenessMs,
  mostMaxStalenessMs,
  parseSource,
} from '@revocast/denylist/replica';
import type { WhenUnknown } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import {
  flag,
  type GivenOptions,
  group,
  number,
  oneOf,
  option,
  optional,
  type Reader,
  type ReadOptions,
} from './option-table.ts';
import { hasMethods, isGiven, isRedisUrl, readOneOf, readString, refuse } from './read-option.ts';

const whenUnknownWords = ['unavailable', 'accept'] as const;

export const defaultFeed = 'http://127.0.0.1:7471';

const feedSchemes = ['http:', 'https:', 'unix:', 'redis:', 'rediss:'];
const connects = hasMethods<Feed>('connect');
const isFeed = (value: unknown): value is Feed => connects(value) && typeof value.name === 'string';
const isLookUp = hasMethods<LookUp>('find', 'close');

const feedBounds = `a URL (${feedSchemes.join(' ')}), a publisher, a feed or null`;
const readFeed: Reader<string | Feed | null> = (name, value, { environment }) => {
  if (value === null || isFeed(value)) return value;
  if (isGiven(value) && isFeed(value['feed'])) return value['feed'];
  const [option, url] =
    value === undefined ? ['REVOCAST_FEED', environment['REVOCAST_FEED'] || defaultFeed] : [name, value];
  if (typeof url === 'string' && (feedSchemes.some((scheme) => url.startsWith(scheme)) || isRedisUrl(url))) return url;
  return refuse(option, feedBounds, url);
};

const lookupBounds = 'a redis: or rediss: URL, a look-up or null';
const readLookup: Reader<string | LookUp | null> = (name, value, { environment }) => {
  const [option, found] =
    value === undefined ? ['REVOCAST_LOOKUP', environment['REVOCAST_LOOKUP'] || null] : [name, value];
  if (found === null || isLookUp(found) || isRedisUrl(found)) return found;
  return refuse(option, lookupBounds, found);
};

/** The options `revocation`: how revocations reach this process. */
export const revocationTable = {
  /**
   * The source of the denylist: the URL of a sidecar; `redis:` or `rediss:`, which this process then reads itself; a
   * publisher; a feed; or null for look-ups only. Default: `REVOCAST_FEED`, else `http://127.0.0.1:7471`.
   */
  feed: option<string | Feed | null, string | Feed | { readonly feed: Feed } | null>({
    default: `\`REVOCAST_FEED\`, else \`${defaultFeed}\``,
    bounds: feedBounds,
    read: readFeed,
  }),
  /** Asked when the denylist cannot decide. Default: `REVOCAST_LOOKUP`, else none. */
  lookup: option({ default: '`REVOCAST_LOOKUP`, else none', bounds: lookupBounds, read: readLookup }),
  /** How old the proof that the denylist is complete may be. Milliseconds, 2000–60000, default 5000. */
  maxStalenessMs: number({
    unit: 'ms',
    default: defaultMaxStalenessMs,
    min: leastMaxStalenessMs,
    max: mostMaxStalenessMs,
  }),
  /** Total deadline of one look-up. Milliseconds, 1–1000, default 50. */
  lookupTimeoutMs: number({ unit: 'ms', default: 50, min: 1, max: 1000 }),
  /** Rules held at most. At the bound the denylist is not fresh. Rules, 1–100000000, default 4000000. */
  maxRules: number({ unit: 'rules', default: 4_000_000, min: 1, max: 100_000_000 }),
  /**
   * What happens when it is unknown whether a token is revoked: `unavailable` answers 503; `accept` accepts the token,
   * counts it and marks it on `req.auth`. Default: `REVOCAST_WHEN_UNKNOWN`, else unavailable.
   */
  whenUnknown: option<WhenUnknown>({
    default: '`REVOCAST_WHEN_UNKNOWN`, else unavailable',
    bounds: whenUnknownWords.join(', '),
    read: (name, value, { environment }) =>
      value === undefined
        ? readOneOf('REVOCAST_WHEN_UNKNOWN', environment['REVOCAST_WHEN_UNKNOWN'] || 'unavailable', whenUnknownWords)
        : readOneOf(name, value, whenUnknownWords),
  }),
  /**
   * What happens to tokens issued before a total loss of the log that no sidecar could repair, since their revocations may
   * be lost: `accept` accepts them, `reject-older` rejects them as `too_old` until clients refresh. Default: accept.
   */
  onLogReset: oneOf(['accept', 'reject-older'], 'accept'),
  /**
   * The identity of the log (`revocast_log_info` of a sidecar): with another log the denylist is not fresh, and a look-up answers
   * unknown. Default: none.
   */
  expectLog: optional({
    bounds: '16 hex digits',
    read: (_name, value) => (isIdentity(value) ? value : undefined),
  }),
  /** Path of a file with the bearer token of a sidecar on another host. Default: `REVOCAST_TOKEN_FILE`, else none. */
  tokenFile: option<string | undefined>({
    default: '`REVOCAST_TOKEN_FILE`, else none',
    bounds: 'a path',
    read: (name, value, { environment }) =>
      value === undefined ? environment['REVOCAST_TOKEN_FILE'] || undefined : readString(name, value),
  }),
  /**
   * Allows plain `http:` to a sidecar on another host. A host that can change this traffic can hide every
   * revocation: use it only in a network that no other host can reach. Default: false.
   */
  dangerouslyAllowHttp: flag,
  /** A name of this process for people, shown after its host and process id. Default: none. */
  label: optional({
    bounds: '1–64 characters',
    read: (name, value) => (/^.{1,64}$/s.test(readString(name, value)) ? readString(name, value) : undefined),
  }),
};

export type RevocationOptions = GivenOptions<typeof revocationTable>;
export type ResolvedRevocation = ReadOptions<typeof revocationTable>;
export type OnLogReset = ResolvedRevocation['onLogReset'];

const readGroup = group(revocationTable);

export const readRevocation: Reader<ResolvedRevocation | null> = (name, value = {}, context) => {
  if (value === null) return null;
  const read = readGroup(name, value, context);
  if (read.feed === null && read.lookup === null) {
    throw new ConfigurationError(
      `${name}.feed`,
      'null needs a `lookup`; to switch revocation off write `revocation: null`',
    );
  }
  if (typeof read.feed === 'string' && /^https?:/.test(read.feed)) parseSource(read.feed, `${name}.feed`, read);
  return read;
};
