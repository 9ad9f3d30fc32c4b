import { type DimensionValue, digestOf, digestSetOf, digestToHex } from '@revocast/denylist/replica';

/** The tokens of a run are numbers. Every process computes the content of a token from its number. */
export const issuer = 'https://issuer.chaos.test/';

/** Dimensions whose value is unique to one token in this suite, so that one statement names one token. */
export const ownDimensions = ['token', 'session', 'grant', 'subject', 'client'] as const;
export type OwnDimension = (typeof ownDimensions)[number];

/** The value of `dimension` in token number `token`. */
export function carriedBy(token: number, dimension: OwnDimension): string {
  return `${dimension}-${token}`;
}

/** The claims of token number `token`, which lives for an hour. */
export function claimsOf(token: number, issuedAt: number): Readonly<Record<string, unknown>> {
  return {
    iat: issuedAt,
    exp: issuedAt + 3600,
    jti: carriedBy(token, 'token'),
    sid: carriedBy(token, 'session'),
    grant_id: carriedBy(token, 'grant'),
    sub: carriedBy(token, 'subject'),
    client_id: carriedBy(token, 'client'),
  };
}

export function digestsOf(token: number) {
  return digestSetOf(
    ownDimensions.map((dimension): DimensionValue => ({ dimension, issuer, value: carriedBy(token, dimension) })),
  );
}

/** The digests of one token in hex, to find the token of a change. */
export function digestNamesOf(token: number): string[] {
  return ownDimensions.map((dimension) =>
    digestToHex(digestOf({ dimension, issuer, value: carriedBy(token, dimension) })),
  );
}
