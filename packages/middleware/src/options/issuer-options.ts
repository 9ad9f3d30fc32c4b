import { ConfigurationError } from '../errors.ts';
import { type ClaimMap, expandIssuer, type Profile, type ProfileName, profileNames, profiles } from './profiles.ts';
import {
  type Given,
  isGiven,
  type NumberBounds,
  orDefault,
  readNumber,
  readOneOf,
  readString,
  readStrings,
  readUrl,
  refuse,
  refuseUnknownKeys,
} from './read-option.ts';

/** How the tokens of one issuer are verified. */
export interface IssuerOptions {
  /** Exactly the `iss` of its tokens; a slash more is another issuer. With `{tenantid}` in it, see `tenants`. */
  readonly issuer: string;
  /** Name of the issuer in metrics and status. Default: the host of the issuer. */
  readonly alias?: string;
  /** URL of the key set. https only. */
  readonly jwksUri?: string;
  /**
   * The key set itself, as JSON (RFC 7517 §5): no request is ever made. What `KeyObject.export({ format: 'jwk' })` and
   * other libraries call a JWK fits; members are read at construction.
   */
  readonly jwks?: { readonly keys: readonly object[] };
  /** Find the key set through the issuer's metadata (RFC 8414, OpenID Connect Discovery). Default without the two above. */
  readonly discovery?: true;
  /** Accepted signature algorithms. Default: all asymmetric ones known; the key decides. HS256 is refused on purpose. */
  readonly algorithms?: readonly string[];
  /** What its tokens look like. Default `rfc9068`. */
  readonly profile?: ProfileName;
  /** Changes to the profile's claim map: which claim carries what a revocation can name; null: none does. */
  readonly claimMap?: Partial<ClaimMap>;
  /** Tenant ids that `{tenantid}` in `issuer` may stand for. */
  readonly tenants?: readonly string[];
}

/** What a hook says of an issuer that it trusts. What it leaves out is taken from the options of the verifier. */
export type IssuerDescription = Omit<IssuerOptions, 'issuer' | 'alias' | 'tenants'>;

/** Finds out about issuers while requests come in, where each tenant has its own. */
export interface IssuerResolverOptions {
  /**
   * Says how the tokens of an issuer are verified, or null when it is not trusted. Asked with text that nobody has
   * verified: take it as a key to look up, never as an address to ask or as part of a query. A hook that throws or
   * rejects is 500, one that does not settle in time 503, and neither says anything about the token.
   */
  readonly resolve: (issuer: string) => IssuerDescription | null | Promise<IssuerDescription | null>;
  /** Issuers kept, 1–100000, default 1000. One more takes the place of the one not seen for longest. */
  readonly maxEntries?: number;
  /** Milliseconds, 1000–86400000, default 300000: after this the hook is asked again, behind the requests. */
  readonly maxAgeMs?: number;
  /** Milliseconds, 0–600000, default 10000: how long an issuer that is not trusted is not asked for again. */
  readonly refusedMs?: number;
  /** Milliseconds, 10–30000, default 3000: how long the hook may take. */
  readonly timeoutMs?: number;
  /** Name in metrics and status of all issuers together; labels must not grow with tenants. Default `resolved`. */
  readonly alias?: string;
}

/** The numbers of {@link IssuerResolverOptions}; bounds are inclusive. */
export const issuerResolverNumbers = {
  maxEntries: { unit: 'issuers', default: 1000, min: 1, max: 100_000 },
  maxAgeMs: { unit: 'ms', default: 300_000, min: 1000, max: 86_400_000 },
  refusedMs: { unit: 'ms', default: 10_000, min: 0, max: 600_000 },
  timeoutMs: { unit: 'ms', default: 3000, min: 10, max: 30_000 },
} as const satisfies Record<string, NumberBounds & { default: number }>;

export const issuerResolverOptionNames = [
  'resolve',
  'maxEntries',
  'maxAgeMs',
  'refusedMs',
  'timeoutMs',
  'alias',
] as const satisfies readonly (keyof IssuerResolverOptions)[];

export const knownAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export const issuerOptionNames = [
  'issuer',
  'alias',
  'jwksUri',
  'jwks',
  'discovery',
  'algorithms',
  'profile',
  'claimMap',
  'tenants',
] as const satisfies readonly (keyof IssuerOptions)[];

/** One issuer, every decision made. */
export interface ResolvedIssuer {
  readonly issuer: string;
  readonly alias: string;
  readonly keys: { readonly jwks: unknown } | { readonly jwksUri: string } | { readonly issuer: string };
  readonly algorithms: readonly string[];
  readonly profile: Profile;
  readonly claimMap: ClaimMap;
}

/** An {@link IssuerResolverOptions}, every decision made. */
export interface ResolvedIssuerResolver {
  readonly alias: string;
  /** Asks the hook and reads its answer. @throws ConfigurationError, or whatever the hook throws. */
  readonly describe: (issuer: string) => Promise<ResolvedIssuer | undefined>;
  readonly maxEntries: number;
  readonly maxAgeMs: number;
  readonly refusedMs: number;
  readonly timeoutMs: number;
}

/** Whose tokens are taken: those listed, or those that a hook knows. */
export interface ResolvedIssuers {
  readonly issuers: readonly ResolvedIssuer[];
  readonly issuerResolver: ResolvedIssuerResolver | undefined;
}

/** @throws ConfigurationError */
export function resolveIssuers(given: Given, allowHttp: boolean): ResolvedIssuers {
  const { issuer, issuers } = given;
  if ((issuer === undefined) === (issuers === undefined)) {
    throw new ConfigurationError('issuer', 'give either `issuer` or `issuers`');
  }
  // `jwksUri` beside `issuers` would let one issuer's keys sign for another.
  for (const name of ['jwksUri', 'jwks', 'alias', 'tenants'] as const) {
    if (issuers !== undefined && given[name] !== undefined) {
      throw new ConfigurationError(name, 'belongs to one issuer: give it inside `issuers`');
    }
  }
  if (isGiven(issuers)) return { issuers: [], issuerResolver: readResolver(given, issuers, allowHttp) };
  const listed = issuers === undefined ? [issuer] : issuers;
  if (!Array.isArray(listed) || listed.length === 0) {
    refuse('issuers', 'a non-empty array, or an object with `resolve`', issuers);
  }
  const resolved = listed.flatMap((entry: unknown, index) => {
    const where = issuers === undefined ? '' : `issuers[${index}].`;
    const own = isGiven(entry) ? entry : { issuer: entry };
    refuseUnknownKeys(where, own, issuerOptionNames);
    return resolveIssuer(where, { ...pick(given, issuerOptionNames), ...own }, allowHttp);
  });
  refuseTwice(resolved);
  return { issuers: Object.freeze(resolved), issuerResolver: undefined };
}

const describedOptionNames = issuerOptionNames.filter((name) => !['issuer', 'alias', 'tenants'].includes(name));

function readResolver(given: Given, resolver: Given, allowHttp: boolean): ResolvedIssuerResolver {
  refuseUnknownKeys('issuers.', resolver, issuerResolverOptionNames);
  const { resolve } = resolver;
  if (!isHook(resolve)) refuse('issuers.resolve', 'a function', resolve);
  const alias = readAlias('issuers.alias', resolver['alias'] ?? 'resolved', '');
  const number = (name: keyof typeof issuerResolverNumbers) =>
    orDefault(resolver[name], issuerResolverNumbers[name].default, (value) =>
      readNumber(`issuers.${name}`, value, issuerResolverNumbers[name]),
    );
  const common = pick(given, describedOptionNames);
  return Object.freeze({
    alias,
    describe: async (issuer: string) => {
      const description = await resolve(issuer);
      if (description === null || description === undefined) return undefined;
      const where = 'issuers.resolve().';
      if (!isGiven(description)) refuse('issuers.resolve()', 'an object or null', description);
      refuseUnknownKeys(where, description, describedOptionNames);
      return readIssuer(where, { ...common, ...description, issuer, alias }, { issuer, allowHttp });
    },
    maxEntries: number('maxEntries'),
    maxAgeMs: number('maxAgeMs'),
    refusedMs: number('refusedMs'),
    timeoutMs: number('timeoutMs'),
  });
}

function isHook(value: unknown): value is (issuer: string) => unknown {
  return typeof value === 'function';
}

function pick(given: Given, names: readonly string[]): Given {
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}

function resolveIssuer(where: string, given: Given, allowHttp: boolean): readonly ResolvedIssuer[] {
  const pattern = readString(`${where}issuer`, given['issuer']);
  const tenants = orDefault(given['tenants'], undefined, (value) => readStrings(`${where}tenants`, value));
  return expandIssuer(pattern, tenants).map((issuer) => readIssuer(where, given, { issuer, allowHttp }));
}

function readIssuer(
  where: string,
  given: Given,
  { issuer, allowHttp }: { issuer: string; allowHttp: boolean },
): ResolvedIssuer {
  const profile =
    profiles[orDefault(given['profile'], 'rfc9068', (value) => readOneOf(`${where}profile`, value, profileNames))];
  return Object.freeze({
    issuer,
    alias: readAlias(`${where}alias`, given['alias'], issuer),
    keys: readKeys(where, given, issuer, allowHttp),
    algorithms: readAlgorithms(`${where}algorithms`, given['algorithms']),
    profile,
    claimMap: readClaimMap(`${where}claimMap.`, given['claimMap'], profile.claimMap),
  });
}

function refuseTwice(issuers: readonly ResolvedIssuer[]): void {
  const seen = new Set<string>();
  for (const { issuer } of issuers) {
    if (seen.has(issuer)) throw new ConfigurationError('issuers', 'the same issuer is there twice');
    seen.add(issuer);
  }
}

function readAlias(option: string, value: unknown, issuer: string): string {
  if (value === undefined) return URL.canParse(issuer) ? new URL(issuer).host || issuer : issuer;
  const alias = readString(option, value);
  return /^[\w.:-]{1,64}$/.test(alias) ? alias : refuse(option, '1–64 letters, digits or . : - _', value);
}

function readKeys(where: string, given: Given, issuer: string, allowHttp: boolean): ResolvedIssuer['keys'] {
  const { jwks, jwksUri, discovery } = given;
  if ([jwks, jwksUri, discovery].filter((value) => value !== undefined).length > 1) {
    throw new ConfigurationError(`${where}jwks`, 'give one of `jwks`, `jwksUri` and `discovery`');
  }
  if (jwks !== undefined) {
    if (!isGiven(jwks) || !Array.isArray(jwks['keys'])) refuse(`${where}jwks`, 'an object with an array `keys`', jwks);
    for (const key of jwks['keys']) if (!isGiven(key)) refuse(`${where}jwks.keys`, 'objects (JWKs)', key);
    return { jwks };
  }
  if (jwksUri !== undefined) return { jwksUri: readUrl(`${where}jwksUri`, jwksUri, allowHttp) };
  if (discovery !== undefined && discovery !== true) refuse(`${where}discovery`, 'true', discovery);
  return { issuer: readUrl(`${where}issuer`, issuer, allowHttp) };
}

function readAlgorithms(option: string, value: unknown): readonly string[] {
  if (value === undefined) return knownAlgorithms;
  const listed = readStrings(option, value);
  for (const name of listed) readOneOf(option, name, knownAlgorithms);
  return listed;
}

function readClaimMap(where: string, value: unknown, map: ClaimMap): ClaimMap {
  if (value === undefined) return map;
  if (!isGiven(value)) refuse(where.slice(0, -1), 'an object', value);
  refuseUnknownKeys(where, value, Object.keys(map));
  const changes = Object.entries(value).map(([name, claim]) => [
    name,
    claim === null && name !== 'subject' ? null : readStrings(`${where}${name}`, claim),
  ]);
  return Object.freeze({ ...map, ...Object.fromEntries(changes) });
}
