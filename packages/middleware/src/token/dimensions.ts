import {
  type DigestSet,
  type Dimension,
  type DimensionValue,
  digestSetOf,
  signingInputName,
} from '@revocast/denylist/replica';
import type { VerificationKey } from '../jwks/verification-key.ts';
import type { JsonObject } from './json.ts';
import { type ClaimMap, type ClaimName, mappedClaim } from './mapped-claim.ts';

/** The verified parts of a token that a revocation can name. */
export interface RevocableToken {
  readonly issuer: string;
  readonly claims: JsonObject;
  readonly signingInput: string;
  readonly key: VerificationKey;
}

/** Returns the claim as a non-empty string, or undefined; other shapes were refused by the claim checks. */
export function mappedString(claims: JsonObject, name: ClaimName): string | undefined {
  const value = mappedClaim(claims, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The id of a token. Without one in its claims it is named by what was signed, never by the whole string: an ECDSA
 * signature (r, s) has a twin (r, n−s), and a revoked token would come back under its other spelling.
 */
export function tokenIdOf({ claims, signingInput }: RevocableToken, map: ClaimMap): string {
  return mappedString(claims, map.token) ?? signingInputName(signingInput);
}

/** Every name under which a revocation can deny this token and not each other one of its issuer. */
function ownValues(token: RevocableToken, map: ClaimMap): readonly DimensionValue[] {
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

/** What all tokens of one issuer and key have in common. */
function sharedValues({ issuer, key }: Pick<RevocableToken, 'issuer' | 'key'>): readonly DimensionValue[] {
  return [
    // Operators know the kid, tools the thumbprint: a leaked key is denied by whichever was named.
    { dimension: 'key', issuer, value: key.thumbprint },
    ...(key.kid === undefined ? [] : [{ dimension: 'key' as const, issuer, value: key.kid }]),
    { dimension: 'issuer', issuer, value: issuer },
  ];
}

/** Every name under which a revocation can deny this token. */
export function revocableValues(token: RevocableToken, map: ClaimMap): readonly DimensionValue[] {
  return [...ownValues(token, map), ...sharedValues(token)];
}

/** By the key: the issuer last seen with it, since several issuers may share a key set. */
const sharedByKey = new WeakMap<VerificationKey, { readonly issuer: string; readonly digests: DigestSet }>();

function sharedDigests({ issuer, key }: RevocableToken): DigestSet {
  const known = sharedByKey.get(key);
  if (known?.issuer === issuer) return known.digests;
  const digests = digestSetOf(sharedValues({ issuer, key }));
  sharedByKey.set(key, { issuer, digests });
  return digests;
}

/** The digests of {@link revocableValues}, computed once per token: under 5 µs. */
export function revocationDigests(token: RevocableToken, map: ClaimMap): DigestSet {
  return digestSetOf(ownValues(token, map), sharedDigests(token));
}
