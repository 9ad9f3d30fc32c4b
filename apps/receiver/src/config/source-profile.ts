import type { SourceProfile } from '../signals/index.ts';
import type { Source } from './source-list.ts';

/** What the messages of a source mean. @param streamAudience `aud` of its stream, for a source without one of its own. */
export function profileOf(source: Source, streamAudience: readonly string[] = []): SourceProfile {
  const { name, kind, issuer, tokenIssuers = [issuer], allow, subjectInTokens, sessionInTokens } = source;
  const audience = 'audience' in source ? source.audience : [];
  return {
    name,
    kind,
    issuer,
    audience: audience.length === 0 ? streamAudience : audience,
    tokenIssuers,
    allow: { block: allow.includes('block'), lift: allow.includes('lift'), tenant: allow.includes('tenant') },
    // Keycloak's SETs may have none; what is polled with the credential of the receiver is for it.
    mayLackAudience: kind === 'ssf' && source.delivery === 'poll',
    events: 'events' in source ? source.events : {},
    opaqueSubject: kind === 'ssf' ? source.opaqueSubject : 'off',
    subjectInTokens,
    sessionInTokens,
    legacy: kind === 'ssf' && source.legacy,
    mapping: kind === 'signed-json' ? source.mapping : undefined,
  };
}
