import { namesOfAlgorithm, signatureAlgorithms } from '../jwks/verification-key.ts';
import { type GivenOptions, number, oneOf, optional, type Reader, type ReadOptions, required } from './option-table.ts';
import { type ClaimMapChanges, type ClaimName, profileNames, profiles } from './profiles.ts';
import {
  isGiven,
  readFunction,
  readOneOf,
  readString,
  readStrings,
  readUrl,
  refuseUnknownKeys,
} from './read-option.ts';

export const readAlgorithms: Reader<readonly string[]> = (name, value) => {
  const listed = readStrings(name, value);
  for (const algorithm of listed) readOneOf(name, algorithm, signatureAlgorithms);
  const names = listed.flatMap(namesOfAlgorithm);
  return signatureAlgorithms.filter((algorithm) => names.includes(algorithm));
};

const dimensionNames = Object.keys(profiles.rfc9068.claimMap);

const readClaimMap: Reader<ClaimMapChanges | undefined> = (name, value) => {
  if (!isGiven(value)) return undefined;
  refuseUnknownKeys(`${name}.`, value, dimensionNames);
  // Undefined means absent, and must not replace the claim of the profile.
  const stated = Object.entries(value).filter(([, claim]) => claim !== undefined);
  const changes = stated.map(([dimension, claim]): [string, ClaimName] => [
    dimension,
    claim === null && dimension !== 'subject' ? null : readStrings(`${name}.${dimension}`, claim),
  ]);
  return Object.fromEntries(changes);
};

interface Jwks {
  readonly keys: readonly object[];
}

const isJwks = (value: unknown): value is Jwks =>
  isGiven(value) && Array.isArray(value['keys']) && value['keys'].every(isGiven);

const alias = {
  bounds: '1–64 letters, digits or . : - _',
  read: (name: string, value: unknown) => /^[\w.:-]{1,64}$/.exec(readString(name, value))?.[0],
};

/** The options of one issuer. */
export const issuerTable = {
  /**
   * The trusted issuer: exactly the `iss` of its tokens, or a pattern with `{tenantid}`. Give this or `issuers`. Default:
   * `REVOCAST_ISSUER`.
   */
  issuer: {
    ...required({ bounds: 'a string; one slash more is another issuer', read: readString }),
    default: '`REVOCAST_ISSUER`',
  },
  /** Name of the issuer in metrics and status. Default: the host of the issuer. */
  alias: optional({ ...alias, default: 'the host of the issuer' }),
  /** URL of the key set. Default: by discovery. */
  jwksUri: optional({
    default: 'by discovery',
    bounds: 'an https URL',
    read: (name, value, { allowHttp }) => readUrl(name, value, allowHttp),
  }),
  /** The key set itself (RFC 7517 §5), read at construction. Nothing is fetched. Default: none. */
  jwks: optional({
    bounds: 'an object with an array `keys` of objects (JWKs)',
    read: (_, value) => (isJwks(value) ? value : undefined),
  }),
  /**
   * Find the key set through the metadata of the issuer (RFC 8414, OpenID Connect Discovery). Default: true without
   * `jwksUri` and `jwks`.
   */
  discovery: optional({
    default: 'true without `jwksUri` and `jwks`',
    bounds: 'true',
    read: (_, value): true | undefined => (value === true ? value : undefined),
  }),
  /** Accepted signature algorithms. The key decides which of them it may verify. `EdDSA` and `Ed25519` are one. Default: all. */
  algorithms: optional({
    absent: signatureAlgorithms,
    default: 'all',
    bounds: signatureAlgorithms.join(', '),
    read: readAlgorithms,
  }),
  /** What the access tokens of the issuer look like. Default: rfc9068. */
  profile: oneOf(profileNames, 'rfc9068'),
  /**
   * Changes to the claim map of the profile: which claim carries a value that a revocation can name. A list names
   * alternatives, null means none. Default: that of the profile.
   */
  claimMap: optional({
    default: 'that of the profile',
    bounds: `an object with some of ${dimensionNames.join(', ')}`,
    read: readClaimMap,
  }),
  /** The tenant ids that `{tenantid}` in `issuer` may stand for. Default: none. */
  tenants: optional({ bounds: '1 or more, with `{tenantid}` in the issuer', read: readStrings }),
};

/** How the tokens of one issuer are verified. */
export type IssuerOptions = GivenOptions<typeof issuerTable>;

/** How the tokens of an issuer are verified, as a hook describes it. Omitted options are those of the verifier. */
export type IssuerDescription = Omit<IssuerOptions, 'issuer' | 'alias' | 'tenants'>;

type ResolveIssuer = (issuer: string) => IssuerDescription | null | Promise<IssuerDescription | null>;

/** The options `issuers: { … }`: a hook decides, while requests come in, whether an issuer is trusted. */
export const issuerResolverTable = {
  /**
   * Hook that returns how the tokens of an issuer are verified, or null when it is not trusted. Its argument is unverified text: use
   * it as a key for a look-up, never as an address or as part of a query. It is an https URL. If the hook throws, rejects or
   * does not settle in time, requests with this issuer get 503 for one second, without another call.
   */
  resolve: required<(issuer: string) => unknown, ResolveIssuer>({ bounds: 'a function', read: readFunction }),
  /** Issuers kept. A further one replaces the least recently used. Issuers, 1–100000, default 1000. */
  maxEntries: number({ unit: 'issuers', default: 1000, min: 1, max: 100_000 }),
  /**
   * Age from which the hook is called again, in the background. An issuer that is no longer trusted is noticed this late.
   * Milliseconds, 1000–86400000, default 300000.
   */
  maxAgeMs: number({ unit: 'ms', default: 300_000, min: 1000, max: 86_400_000 }),
  /** How long an issuer that is not trusted is rejected without another call. Milliseconds, 0–600000, default 10000. */
  refusedMs: number({ unit: 'ms', default: 10_000, min: 0, max: 600_000 }),
  /** How long the hook may take; then the request gets 503. Milliseconds, 10–30000, default 3000. */
  timeoutMs: number({ unit: 'ms', default: 3000, min: 10, max: 30_000 }),
  /** Name of all resolved issuers together in metrics and status: labels must not grow with tenants. Default: resolved. */
  alias: optional({ ...alias, absent: 'resolved', default: 'resolved' }),
};

export type IssuerResolverOptions = GivenOptions<typeof issuerResolverTable>;
export type ReadResolverOptions = ReadOptions<typeof issuerResolverTable>;
export type ReadIssuerOptions = ReadOptions<typeof issuerTable>;
