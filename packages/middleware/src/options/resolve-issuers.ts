import { ConfigurationError } from '../errors.ts';
import {
  issuerResolverTable,
  issuerTable,
  type ReadIssuerOptions,
  type ReadResolverOptions,
} from './issuer-options.ts';
import { group, type OptionContext } from './option-table.ts';
import { type ClaimMap, expandIssuer, type Profile, profiles, withClaimMap } from './profiles.ts';
import { type Given, isGiven, pick, readUrl, refuse, refuseUnknownKeys } from './read-option.ts';

/** One issuer, every decision made. */
export interface ResolvedIssuer {
  readonly issuer: string;
  readonly alias: string;
  readonly keys: { readonly jwks: unknown } | { readonly jwksUri: string } | { readonly issuer: string };
  readonly algorithms: readonly string[];
  readonly profile: Profile;
  readonly claimMap: ClaimMap;
}

/** The options of `issuers: { resolve }`, every decision made. */
export interface ResolvedIssuerResolver extends Omit<ReadResolverOptions, 'resolve'> {
  /** Calls the hook and reads its answer; undefined: not trusted. Rejects with a ConfigurationError, or as the hook does. */
  readonly describe: (issuer: string) => Promise<ResolvedIssuer | undefined>;
}

/** The trusted issuers: those listed, or those that a hook returns. */
export interface ResolvedIssuers {
  readonly issuers: readonly ResolvedIssuer[];
  readonly issuerResolver: ResolvedIssuerResolver | undefined;
}

const readIssuerOptions = group(issuerTable);
const readResolverOptions = group(issuerResolverTable);
const issuerNames = Object.keys(issuerTable);
const describedNames = issuerNames.filter((name) => !['issuer', 'alias', 'tenants'].includes(name));

/** Reads `issuer` or `issuers`, and the options of issuers beside them. @throws ConfigurationError */
export function resolveIssuers(given: Given, context: OptionContext): ResolvedIssuers {
  const { issuers } = given;
  const named = issuers === undefined ? context.environment['REVOCAST_ISSUER'] || undefined : undefined;
  const issuer = given['issuer'] === undefined ? named : given['issuer'];
  if (issuer === undefined && issuers === undefined) {
    throw new ConfigurationError(
      'issuer',
      'say whose tokens are trusted: `issuer` or `issuers` here, or REVOCAST_ISSUER',
    );
  }
  if (issuer !== undefined && issuers !== undefined) {
    throw new ConfigurationError('issuer', 'give either `issuer` or `issuers`');
  }
  const common = { ...pick(given, issuerNames), issuer };
  if (issuers === undefined) return listed(resolveIssuer('', common, context));
  // `jwksUri` beside `issuers` would let the keys of one issuer sign for another.
  for (const name of ['jwksUri', 'jwks', 'alias', 'tenants'] as const) {
    if (given[name] !== undefined)
      throw new ConfigurationError(name, 'belongs to one issuer: give it inside `issuers`');
  }
  if (isGiven(issuers)) return { issuers: [], issuerResolver: readResolver(issuers, common, context) };
  if (!Array.isArray(issuers) || issuers.length === 0) {
    refuse('issuers', 'a non-empty array, or an object with `resolve`', issuers);
  }
  const resolved = issuers.flatMap((entry: unknown, index) =>
    resolveIssuer(`issuers[${index}]`, { ...common, ...(isGiven(entry) ? entry : { issuer: entry }) }, context),
  );
  return listed(resolved);
}

function listed(issuers: readonly ResolvedIssuer[]): ResolvedIssuers {
  if (new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length) {
    throw new ConfigurationError('issuers', 'the same issuer is listed twice: remove one');
  }
  return { issuers: Object.freeze(issuers), issuerResolver: undefined };
}

function readResolver(given: Given, common: Given, context: OptionContext): ResolvedIssuerResolver {
  const { resolve, ...options } = readResolverOptions('issuers', given, context);
  const name = 'issuers.resolve()';
  return Object.freeze({
    ...options,
    describe: async (issuer: string) => {
      const description = await resolve(issuer);
      if (description === null || description === undefined) return undefined;
      if (!isGiven(description)) refuse(name, 'an object or null', description);
      refuseUnknownKeys(`${name}.`, description, describedNames);
      // A hook often returns a row of a database, which has null for what is absent.
      const given = Object.fromEntries(Object.entries(description).filter(([, value]) => value !== null));
      const described = { ...common, ...given, issuer, alias: options.alias };
      return decide(name, readIssuerOptions(name, described, context), context);
    },
  });
}

function resolveIssuer(name: string, given: Given, context: OptionContext): readonly ResolvedIssuer[] {
  const read = readIssuerOptions(name, given, context);
  return expandIssuer(read.issuer, read.tenants).map((issuer) => decide(name, { ...read, issuer }, context));
}

function decide(name: string, read: ReadIssuerOptions, context: OptionContext): ResolvedIssuer {
  const { issuer, alias = hostOf(issuer), algorithms, claimMap } = read;
  const profile = withClaimMap(profiles[read.profile], claimMap ?? {});
  return Object.freeze({
    issuer,
    alias,
    keys: decideKeys(name === '' ? '' : `${name}.`, read, context),
    algorithms,
    profile,
    claimMap: profile.claimMap,
  });
}

function hostOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host || issuer : issuer;
}

function decideKeys(prefix: string, read: ReadIssuerOptions, { allowHttp }: OptionContext): ResolvedIssuer['keys'] {
  const { jwks, jwksUri, discovery, issuer } = read;
  if ([jwks, jwksUri, discovery].filter((value) => value !== undefined).length > 1) {
    throw new ConfigurationError(`${prefix}jwks`, 'give one of `jwks`, `jwksUri` and `discovery`');
  }
  if (jwks !== undefined) return { jwks };
  if (jwksUri !== undefined) return { jwksUri };
  return { issuer: readUrl(`${prefix}issuer`, issuer, allowHttp) };
}
