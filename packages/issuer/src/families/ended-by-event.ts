import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import type { FamilyEndOfEvent } from './family-selector.ts';

/** The refresh families that end with an event; undefined for an event that ends none. */
export function endedBy(event: LifecycleEvent, issuer: string): FamilyEndOfEvent | undefined {
  const { by } = event;
  switch (event.type) {
    case 'session_ended':
      return { which: { issuer, session: event.session }, ending: { reason: event.reason ?? 'logout', by } };
    case 'grant_revoked':
      return { which: { issuer, grant: event.grant }, ending: { reason: event.reason ?? 'other', by } };
    case 'signed_out_everywhere':
      return { which: subjectOf(event, issuer), ending: { reason: 'logout', by } };
    case 'password_changed':
      return { which: subjectOf(event, issuer), ending: { reason: 'password_change', by } };
    case 'credential_leaked':
      return { which: subjectOf(event, issuer), ending: { reason: 'credential_leak', by } };
    case 'user_disabled':
      return { which: subjectOf(event, issuer), ending: { reason: 'account_disabled', by } };
    case 'user_deleted':
      return { which: subjectOf(event, issuer), ending: { reason: 'account_disabled' }, erase: true };
    case 'consent_withdrawn':
      return { which: { issuer, subject: event.subject, client: event.client }, ending: { reason: 'policy', by } };
    case 'client_compromised':
      return { which: { issuer, client: event.client }, ending: { reason: 'credential_leak', by } };
    // The refresh tokens of a disabled user are gone. Those of a leaked signing key, or of a tenant, which a family does not
    // name, are not: access tokens made with them are denied.
    case 'token_revoked':
    case 'user_enabled':
    case 'key_compromised':
    case 'tenant_suspended':
    case 'tenant_resumed':
      return undefined;
  }
}

function subjectOf({ subject, keep }: { readonly subject: string; readonly keep?: string }, issuer: string) {
  return { issuer, subject, keep };
}
