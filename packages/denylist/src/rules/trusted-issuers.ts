import { hash } from 'node:crypto';

/**
 * The issuers that a process trusts, as it reports them: a digest of 16 hex digits each, sorted, without separators; or
 * {@link anyIssuer}. One string, because a sidecar compares those of thousands of replicas.
 */
export type TrustedIssuers = string;

/** Of a process that decides while requests come in, or that trusts more issuers than it reports. */
export const anyIssuer = 'any';
export const maxTrustedIssuers = 16;
/** Eight bytes: a digest that two issuers share by chance only keeps a warning back. */
export const issuerDigestBytes = 8;
const digits = 2 * issuerDigestBytes;
const wellFormed = new RegExp(`^(?:[0-9a-f]{${digits}}){0,${maxTrustedIssuers}}$`);

/** 16 hex digits: the start of SHA-256 over the `iss` of the tokens, byte for byte. */
export function issuerDigest(issuer: string): string {
  return hash('sha256', issuer, 'hex').slice(0, digits);
}

export function isIssuerDigest(value: unknown): value is string {
  return typeof value === 'string' && value.length === digits && wellFormed.test(value);
}

export function trustedIssuers(issuers: readonly string[]): TrustedIssuers {
  return reported(new Set(issuers.map(issuerDigest)));
}

/** Those that one of several processes trusts. */
export function unionOfIssuers(all: Iterable<TrustedIssuers>): TrustedIssuers {
  const union = new Set<string>();
  for (const issuers of new Set(all)) {
    if (issuers === anyIssuer) return anyIssuer;
    for (const digest of digestsOf(issuers)) union.add(digest);
  }
  return reported(union);
}

export function includesIssuer(issuers: TrustedIssuers, digest: string): boolean {
  return issuers !== anyIssuer && digestsOf(issuers).includes(digest);
}

/** @returns undefined unless the value is well formed. */
export function parseTrustedIssuers(value: unknown): TrustedIssuers | undefined {
  return typeof value === 'string' && (value === anyIssuer || wellFormed.test(value)) ? value : undefined;
}

function reported(digests: ReadonlySet<string>): TrustedIssuers {
  return digests.size > maxTrustedIssuers ? anyIssuer : [...digests].sort().join('');
}

function digestsOf(issuers: TrustedIssuers): readonly string[] {
  const digests: string[] = [];
  for (let at = 0; at < issuers.length; at += digits) digests.push(issuers.slice(at, at + digits));
  return digests;
}
