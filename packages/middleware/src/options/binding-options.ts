import type { ReplayStore } from '../binding/replay-store.ts';
import { signatureAlgorithms } from '../jwks/verification-key.ts';
import { readAlgorithms } from './issuer-options.ts';
import { flag, type GivenOptions, number, optional, type Reader, type ReadOptions, required } from './option-table.ts';
import { hasMethods, isRedisUrl, readString, readStrings, readUrl } from './read-option.ts';

const isReplayStore = hasMethods<ReplayStore>('take', 'close');

const readOrigin: Reader<string | undefined> = (name, value, { allowHttp }) => {
  const { origin, pathname, search, hash } = new URL(readUrl(name, value, allowHttp));
  return search === '' && hash === '' ? (origin + pathname).replace(/\/+$/, '') : undefined;
};

/** The options `dpop`: tokens that are bound to a key of the client (RFC 9449). */
export const dpopTable = {
  /**
   * Scheme, host and port by which clients call this API, and the part of the path that a proxy removes. Proofs must name
   * it. It is never taken from a request.
   */
  publicOrigin: required({ bounds: 'an https URL without query and fragment', read: readOrigin }),
  /** Reject bearer tokens. Default: false. */
  required: flag,
  /** Accepted signature algorithms of proofs. Default: all. */
  algorithms: optional({
    absent: signatureAlgorithms,
    default: 'all',
    bounds: 'as `algorithms`',
    read: readAlgorithms,
  }),
  /** How old a proof may be; `clockToleranceMs` is added. Milliseconds, 1000–600000, default 60000. */
  proofMaxAgeMs: number({ unit: 'ms', default: 60_000, min: 1000, max: 600_000 }),
  /** Require a nonce of this API in every proof (RFC 9449 §8). Default: false. */
  nonces: flag,
  /** Secret from which nonces are made; the same for all processes behind one name. Default: random, per process. */
  nonceSecret: optional({
    default: 'random, per process',
    bounds: '32 characters or more',
    read: (name, value) => (readString(name, value).length >= 32 ? readString(name, value) : undefined),
  }),
  /** How long a nonce is valid. From half of it on, answers name the next one. Milliseconds, 10000–3600000, default 300000. */
  nonceLifetimeMs: number({ unit: 'ms', default: 300_000, min: 10_000, max: 3_600_000 }),
  /** Where used proofs are stored, for all processes together. In memory, each process accepts a proof once. Default: in memory. */
  replays: optional({
    default: 'in memory',
    bounds: 'a redis: or rediss: URL, or a store',
    read: (_, value) => (isRedisUrl(value) || isReplayStore(value) ? value : undefined),
  }),
  /**
   * Proofs kept in memory, also in front of `replays`. A key has room for as many as are still free; beyond it, its requests
   * get 429. Proofs, 1000–10000000, default 100000.
   */
  maxReplays: number({ unit: 'proofs', default: 100_000, min: 1000, max: 10_000_000 }),
};

/** The options `clientCertificate`, for a proxy that ends the TLS connection of the client (RFC 8705). */
export const clientCertificateTable = {
  /** The field in which the proxy passes on the certificate: as RFC 9440 defines it, or PEM, percent-encoded. */
  header: required({
    bounds: 'the name of a field',
    read: (name, value) => /^[a-z0-9-]{1,64}$/.exec(readString(name, value).toLowerCase())?.[0],
  }),
  /** The proxies that set the field. They must remove it when a client sends one. */
  trustedProxies: required({ bounds: 'addresses and networks', read: readStrings }),
};

export type DpopOptions = GivenOptions<typeof dpopTable>;
export type ResolvedDpop = ReadOptions<typeof dpopTable>;
export type ClientCertificateOptions = GivenOptions<typeof clientCertificateTable>;
export type ResolvedClientCertificate = ReadOptions<typeof clientCertificateTable>;
