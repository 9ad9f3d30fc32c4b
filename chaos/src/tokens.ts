import { type DimensionValue, digestOf, digestSetOf, digestToHex } from '@revocast/denylist/replica';

/** The tokens of a run are numbers: every process can compute the content of a token, so no message is needed. */
export const issuer = 'https://issuer.chaos.test/';

/** Dimensions whose value is a token's own in this suite, so that one statement speaks of one token. */
export const ownDimensions = ['token', 'session', 'grant', 'subject', 'client'] as const;
export type OwnDimension = (typeof ownDimensions)[number];

/** What token number `token` carries as `dimension`. */
export function carriedBy(token: number, dimension: OwnDimension): string {
  return `${dimension}-${token}`;
}

export function digestsOf(token: number) {
  return digestSetOf(
    ownDimensions.map((dimension): DimensionValue => ({ dimension, issuer, value: carriedBy(token, dimension) })),
  );
}

/** Digests of one token in hex, to recognise it in a change. */
export function digestNamesOf(token: number): string[] {
  return ownDimensions.map((dimension) =>
    digestToHex(digestOf({ dimension, issuer, value: carriedBy(token, dimension) })),
  );
}
