import { certificates } from './verification-table/certificates.ts';
import { audiences, issuers, names, otherClaims, times } from './verification-table/claims.ts';
import { guarded } from './verification-table/guards.ts';
import { outages } from './verification-table/outages.ts';
import { profiled } from './verification-table/profiles.ts';
import { proofs } from './verification-table/proofs.ts';
import { requests } from './verification-table/requests.ts';
import { knownTokens, revoked } from './verification-table/revocation.ts';
import type { Row } from './verification-table/row.ts';
import { signatures } from './verification-table/signatures.ts';
import { headers, structure } from './verification-table/structure.ts';

export { audience, issuer, nowSeconds, otherIssuer, usualClaims } from './verification-table/recipes.ts';
export type { BenchName, GuardName, Row } from './verification-table/row.ts';

/** Requests and their results. The same rows are sent to a verifier, to Express 4 and to Express 5. */
export const rows: readonly Row[] = [
  ...requests,
  ...structure,
  ...headers,
  ...signatures,
  ...names,
  ...times,
  ...audiences,
  ...issuers,
  ...otherClaims,
  ...revoked,
  ...knownTokens,
  ...profiled,
  ...proofs,
  ...certificates,
  ...outages,
  ...guarded,
];
