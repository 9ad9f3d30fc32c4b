import { isName } from '@revocast/denylist/replica';
import { effectsOn } from './effects.ts';
import type { Effect, ResolveEffect } from './signal.ts';
import type { SourceProfile } from './source-profile.ts';
import type { Subject } from './subjects/subject.ts';

/** What a resolver found: the subject in access tokens, at one issuer, or at each token issuer of the source. */
export interface ResolvedSubject {
  readonly subject: string;
  readonly issuer?: string | undefined;
}

export const mostResolvedSubjects = 100;

/**
 * What an event does to the subjects that a resolver found for its identifier.
 *
 * @returns `ignored` with `unmapped_issuer` for a subject of an issuer that the source may not revoke in. Undefined when the
 *          answer of the resolver is no list of at most 100 subjects: a fault of the resolver.
 */
export function effectsOfSubjects(
  { action, client, isWidened }: ResolveEffect,
  found: readonly ResolvedSubject[],
  source: SourceProfile,
): readonly Effect[] | undefined {
  if (found.length > mostResolvedSubjects) return undefined;
  const subjects: Subject[] = [];
  for (const { subject, issuer } of found) {
    if (!isName(subject) || (issuer !== undefined && !isName(issuer))) return undefined;
    const isForeign = issuer !== undefined && !source.tokenIssuers.includes(issuer);
    const issuers = issuer === undefined ? source.tokenIssuers : [issuer];
    subjects.push(isForeign ? { kind: 'foreign' } : { kind: 'user', issuers, subject, client, isWidened });
  }
  return effectsOn(subjects, action, source);
}
