import type { SourceProfile } from '../source-profile.ts';

/**
 * The issuers of the tokens of a user at `iss`. A user of the source's own issuer may have tokens of each of its token issuers
 * (at Okta, the issuer of SETs is the organization and that of tokens an authorization server); one of a token issuer has the
 * tokens of that issuer. Any other issuer is not mapped, and never guessed: undefined.
 */
export function issuersOfSubject(iss: string, source: SourceProfile): readonly string[] | undefined {
  if (source.tokenIssuers.includes(iss)) return [iss];
  return iss === source.issuer ? source.tokenIssuers : undefined;
}
