import type { RevocationReason } from '@revocast/denylist';

/** What every event may state. */
export interface EventDetails {
  /** Who caused it, for the audit trail: 1–128 printable ASCII characters. Never enforced, never a label. */
  readonly by?: string | undefined;
  /**
   * When it happened, if earlier than now: a cutoff then ends the tokens issued up to this time. Default: now. At most 60 s in
   * the future, which counts as now.
   */
  readonly at?: Date | undefined;
  /** Names this event, 1–128 printable ASCII characters without spaces: an event that is reported again changes nothing. */
  readonly id?: string | undefined;
}

/** What can happen at an authorization server, and must reach the processes that accept its tokens. */
export type LifecycleEvent = EventDetails &
  (
    | {
        readonly type: 'session_ended';
        readonly session: string;
        readonly reason?: 'logout' | 'admin' | 'policy' | undefined;
      }
    /** Consent was taken back, RFC 7009, or a refresh token was used twice. `reason`: default `other`. */
    | { readonly type: 'grant_revoked'; readonly grant: string; readonly reason?: RevocationReason | undefined }
    /** One access token, by its `jti`. `expiresAt`: its `exp` in claim seconds. `reason`: default `other`. */
    | {
        readonly type: 'token_revoked';
        readonly token: string;
        readonly expiresAt?: number | undefined;
        readonly reason?: RevocationReason | undefined;
      }
    /**
     * `keep`: the `sid` of the session that stays signed in. Only for servers whose refresh tokens are those of `families()`:
     * the grants of the other families are revoked one by one.
     */
    | {
        readonly type: 'signed_out_everywhere' | 'password_changed' | 'credential_leaked';
        readonly subject: string;
        readonly keep?: string | undefined;
      }
    | { readonly type: 'user_disabled' | 'user_enabled'; readonly subject: string }
    /** `longestTokenSeconds`: how long an access token can live, 1 s to 30 days; default one day. The subject is denied as long. */
    | { readonly type: 'user_deleted'; readonly subject: string; readonly longestTokenSeconds?: number | undefined }
    | { readonly type: 'consent_withdrawn'; readonly subject: string; readonly client: string }
    | { readonly type: 'client_compromised'; readonly client: string }
    /** The `kid` or the RFC 7638 thumbprint of a signing key. */
    | { readonly type: 'key_compromised'; readonly key: string }
    | { readonly type: 'tenant_suspended' | 'tenant_resumed'; readonly tenant: string }
  );

export type LifecycleEventType = LifecycleEvent['type'];
