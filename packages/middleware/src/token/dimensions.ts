import {
  type DigestSet,
  type Dimension,
  type DimensionValue,
  digestSetOf,
  signingInputName,
} from '@revocast/denylist/replica';
import type { VerificationKey } from '../jwks/verification-key.ts';
import type { ClaimMap, ClaimName } from '../options/profiles.ts';
import { isAbsent, type JsonObject } from './json.ts';

/** Longest value that a revocation can name, in characters: the bound of the publisher. */
export const maxValueLength = 4096;

/** The verified parts of a token that a revocation can name. */
export interface RevocableToken {
  readonly issuer: string;
  readonly claims: JsonObject;
  readonly signingInput: string;
  readonly key: VerificationKey;
}

/** Returns the first alternative that is present, unchecked; a claim without alternatives as it is. */
export function mappedClaim(claims: JsonObject, name: ClaimName): unknown {
  if (name === null) return undefined;
  if (typeof name === 'string') return claims[name];
  for (const alternative of name) {
    const claim = claims[alternative];
    if (!isAbsent(claim)) return claim;
  }
  return undefined;
}

/** Returns the claim as a non-empty string, or undefined. The claim checks reject other values. */
export function mappedString(claims: JsonObject, name: ClaimName): string | undefined {
  const value = mappedClaim(claims, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The id of a token. A token without an id claim is identified by its signed text, never by the complete string: an ECDSA
 * signature (r, s) has a second form (r, n−s), which would be accepted after a revocation of the first.
 */
export function tokenIdOf({ claims, signingInput }: Omit<RevocableToken, 'key'>, map: ClaimMap): string {
  return mappedString(claims, map.token) ?? signingInputName(signingInput);
}

/** Every value by which a revocation can deny this token, except those that all tokens of the issuer have. */
function ownValues(token: Omit<RevocableToken, 'key'>, map: ClaimMap): readonly DimensionValue[] {
  const { issuer, claims } = token;
  const values: DimensionValue[] = [];
  const add = (dimension: Dimension, value: DimensionValue['value'] | undefined) => {
    if (value !== undefined) values.push({ dimension, issuer, value });
  };
  const subject = mappedString(claims, map.subject);
  const client = mappedString(claims, map.client);
  add('token', tokenIdOf(token, map));
  add('session', mappedString(claims, map.session));
  add('grant', mappedString(claims, map.grant));
  add('subject', subject);
  add('client', client);
  if (subject !== undefined && client !== undefined) add('subject_client', [subject, client]);
  add('tenant', mappedString(claims, map.tenant));
  return values;
}

/** The values that all tokens of one issuer and key share. */
function sharedValues({ issuer, key }: Pick<RevocableToken, 'issuer' | 'key'>): readonly DimensionValue[] {
  return [
    // A leaked key can be revoked by its thumbprint or by any of its kids.
    ...[key.thumbprint, ...key.kids].map((value) => ({ dimension: 'key' as const, issuer, value })),
    { dimension: 'issuer', issuer, value: issuer },
  ];
}

/**
 * Every value by which a revocation can deny the token, for people who look it up. Without a key the token is not verified,
 * and of the values of the key only the `kid` is known.
 */
export function revocableValues(
  token: Omit<RevocableToken, 'key'>,
  map: ClaimMap,
  key: VerificationKey | string | undefined,
): readonly DimensionValue[] {
  const { issuer } = token;
  if (typeof key === 'object') return [...ownValues(token, map), ...sharedValues({ issuer, key })];
  const named: readonly DimensionValue[] = key === undefined ? [] : [{ dimension: 'key', issuer, value: key }];
  return [...ownValues(token, map), ...named, { dimension: 'issuer', issuer, value: issuer }];
}

/** Per key, the issuer last seen with it: several issuers may share a key set. */
const sharedByKey = new WeakMap<VerificationKey, { readonly issuer: string; readonly digests: DigestSet }>();

function sharedDigests({ issuer, key }: RevocableToken): DigestSet {
  const known = sharedByKey.get(key);
  if (known?.issuer === issuer) return known.digests;
  const digests = digestSetOf(sharedValues({ issuer, key }));
  sharedByKey.set(key, { issuer, digests });
  return digests;
}

/** The digests of every value by which a revocation can deny this token, computed once per token: under 5 µs. */
export function revocationDigests(token: RevocableToken, map: ClaimMap): DigestSet {
  return digestSetOf(ownValues(token, map), sharedDigests(token));
}
