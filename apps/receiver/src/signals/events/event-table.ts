import type { RevocationReason } from '@revocast/denylist';
import type { Action } from '../signal.ts';
import type { SignalType } from '../signal-type.ts';
import type { Scope } from '../subjects/subject.ts';

/** What an event does, unless the source is configured otherwise. */
export interface EventRule {
  readonly scope: Scope;
  readonly kind: Action['kind'];
  /** `initiator`: by the member `initiating_entity` (CAEP 1.0 §2). */
  readonly reason: RevocationReason | 'initiator';
  /**
   * `off`: nothing, unless the configuration says `cutoff`. `password`: only where a password was changed, revoked or deleted,
   * unless the configuration says `cutoff`: Okta sends an event for each factor that a user adds.
   */
  readonly byDefault: 'on' | 'off' | 'password';
}

type RevokingType = Exclude<SignalType, 'verification' | 'stream-updated' | 'other'>;

const off = (scope: Scope): EventRule => ({ scope, kind: 'end', reason: 'policy', byDefault: 'off' });
const end = (scope: Scope, reason: EventRule['reason']): EventRule => ({ scope, kind: 'end', reason, byDefault: 'on' });

/** The whole table of events is here; docs/receiver.md shows it. */
export const eventTable: Readonly<Record<RevokingType, EventRule>> = {
  // OpenID Connect Back-Channel Logout 1.0
  logout: end('session', 'logout'),
  // CAEP 1.0 §3
  'session-revoked': end('session', 'initiator'),
  'session-established': off('session'),
  'session-presented': off('session'),
  'token-claims-change': off('session'),
  'credential-change': { scope: 'account', kind: 'end', reason: 'password_change', byDefault: 'password' },
  'assurance-level-change': off('account'),
  'risk-level-change': off('account'),
  'device-compliance-change': off('account'),
  // RISC 1.0 §2
  'sessions-revoked': end('account', 'initiator'),
  'credential-compromise': end('account', 'credential_leak'),
  'account-credential-change-required': end('account', 'credential_leak'),
  'account-disabled': { scope: 'account', kind: 'block', reason: 'account_disabled', byDefault: 'on' },
  'account-purged': { scope: 'account', kind: 'block', reason: 'account_disabled', byDefault: 'on' },
  'account-enabled': { scope: 'account', kind: 'lift', reason: 'other', byDefault: 'on' },
  'identifier-changed': off('account'),
  'identifier-recycled': off('account'),
  'opt-in': off('account'),
  'opt-out-initiated': off('account'),
  'opt-out-cancelled': off('account'),
  'opt-out-effective': off('account'),
  'recovery-activated': off('account'),
  'recovery-information-changed': off('account'),
  // OAuth Event Types 1.0 (draft), sent by Google
  'tokens-revoked': end('account', 'initiator'),
  'token-revoked': end('session', 'initiator'),
  // draft-parecki-oauth-global-token-revocation
  'global-token-revocation': end('account', 'policy'),
};

/** The types that a source may set to `cutoff`. Every type may be set to `off`, except those of the stream itself. */
export const settableEvents: readonly SignalType[] = (Object.keys(eventTable) as RevokingType[]).filter(
  (type) => eventTable[type].kind !== 'lift',
);

/** The events of an account and a session, by the start of their URIs. The drafts before SSF 1.0 had another one for a stream. */
const families: readonly { readonly prefix: string; readonly types: readonly SignalType[] }[] = [
  {
    prefix: 'https://schemas.openid.net/secevent/caep/event-type/',
    types: [
      ...(['session-revoked', 'session-established', 'session-presented', 'token-claims-change'] as const),
      ...(['credential-change', 'assurance-level-change', 'risk-level-change', 'device-compliance-change'] as const),
    ],
  },
  {
    prefix: 'https://schemas.openid.net/secevent/risc/event-type/',
    types: [
      ...(['sessions-revoked', 'credential-compromise', 'account-credential-change-required'] as const),
      ...(['account-disabled', 'account-enabled', 'account-purged'] as const),
      ...(['identifier-changed', 'identifier-recycled', 'recovery-activated'] as const),
      ...(['recovery-information-changed', 'opt-in', 'opt-out-initiated'] as const),
      ...(['opt-out-cancelled', 'opt-out-effective', 'verification'] as const),
    ],
  },
  {
    prefix: 'https://schemas.openid.net/secevent/oauth/event-type/',
    types: ['tokens-revoked', 'token-revoked'],
  },
  { prefix: 'https://schemas.openid.net/secevent/ssf/event-type/', types: ['verification', 'stream-updated'] },
  { prefix: 'https://schemas.openid.net/secevent/sse/event-type/', types: ['verification', 'stream-updated'] },
];

const typeOfUri: ReadonlyMap<string, SignalType> = new Map(
  families.flatMap(({ prefix, types }) => types.map((type) => [`${prefix}${type}`, type] as const)),
);

/** `other` for a URI that is not in the table. */
export function eventTypeOf(uri: string): SignalType {
  return typeOfUri.get(uri) ?? 'other';
}
