import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import type { FamilyEndOfEvent } from './family-selector.ts';

interface Context {
  readonly issuer: string;
  /** By which the clocks of the processes that stamp `iat` may differ. */
  readonly issuerSpreadSeconds: number;
}

/** The refresh families that end with an event; undefined for an event that ends none. */
export function endedBy(event: LifecycleEvent, context: Context): FamilyEndOfEvent | undefined {
  const { by } = event;
  const { issuer } = context;
  const ofSubject = ({ subject, keep }: { readonly subject: string; readonly keep?: string }) => ({
    ...upToCutoff(event, context),
    subject,
    keep,
  });
  switch (event.type) {
    case 'session_ended':
      return { which: { issuer, session: event.session }, ending: { reason: event.reason ?? 'logout', by } };
    case 'grant_revoked':
      return { which: { issuer, grant: event.grant }, ending: { reason: event.reason ?? 'other', by } };
    case 'signed_out_everywhere':
      return { which: ofSubject(event), ending: { reason: 'logout', by } };
    case 'password_changed':
      return { which: ofSubject(event), ending: { reason: 'password_change', by } };
    case 'credential_leaked':
      return { which: ofSubject(event), ending: { reason: 'credential_leak', by } };
    case 'user_disabled':
      return { which: { issuer, subject: event.subject }, ending: { reason: 'account_disabled', by } };
    case 'user_deleted':
      return { which: { issuer, subject: event.subject }, ending: { reason: 'account_disabled' }, erase: true };
    case 'consent_withdrawn':
      return {
        which: { ...upToCutoff(event, context), subject: event.subject, client: event.client },
        ending: { reason: 'policy', by },
      };
    case 'client_compromised':
      return {
        which: { ...upToCutoff(event, context), client: event.client },
        ending: { reason: 'credential_leak', by },
      };
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

/** After an event that is reported late, a family goes on that was opened since: the cutoff does not deny its tokens either. */
function upToCutoff({ at }: LifecycleEvent, { issuer, issuerSpreadSeconds }: Context) {
  const cutoffSeconds = at === undefined ? undefined : Math.floor(at.getTime() / 1000) + issuerSpreadSeconds;
  return { issuer, openedBeforeMs: cutoffSeconds === undefined ? undefined : (cutoffSeconds + 1) * 1000 };
}
