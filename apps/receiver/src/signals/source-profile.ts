import type { RevocationReason } from '@revocast/denylist';
import type { SignalType } from './signal-type.ts';

export const sourceKinds = [
  'backchannel-logout',
  'ssf',
  'global-token-revocation',
  'okta-event-hook',
  'auth0-log-stream',
  'signed-json',
] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** The options of one source that decide what its messages mean. The configuration has checked them. */
export interface SourceProfile {
  /** A label: 1–64 characters of a–z, 0–9, `-`, `_`. */
  readonly name: string;
  readonly kind: SourceKind;
  /** The only `iss` that its messages may have; for webhooks, the issuer whose users they name. */
  readonly issuer: string;
  /** `aud` must contain one of these. Empty: webhooks only. */
  readonly audience: readonly string[];
  /**
   * Accepts a SET without `aud`, which RFC 8417 §2.2 only recommends: for events that are polled with the credential of this
   * receiver, such as those of Keycloak. Another `aud` is still refused. Default false.
   */
  readonly mayLackAudience?: boolean | undefined;
  /** The only issuers whose tokens the source may revoke: at least one. Default: `issuer`. */
  readonly tokenIssuers: readonly string[];
  /** Rights beyond ending what exists. Default: none. */
  readonly allow: SourceRights;
  /** Changes the table of events. `off`: ignored. `cutoff`: ends the tokens issued before the event. */
  readonly events: Readonly<Partial<Record<SignalType, EventSetting>>>;
  /**
   * What a subject identifier of format `opaque` names in an event of an account; in an event of a session it names the
   * session. Default `off`: unsupported.
   */
  readonly opaqueSubject: 'subject' | 'off';
  /**
   * Whether the users that messages name (`iss_sub`, the `sub` of a logout token, the id of a webhook) are the subjects of
   * access tokens. Default true. With false they are resolved, as e-mail addresses are: for Google, or where `sub` differs from
   * client to client.
   */
  readonly subjectInTokens: boolean;
  /**
   * Whether access tokens contain the session ids that messages name. Default true: the session is revoked. With false, for
   * Okta, or where the `sid` of a logout token differs from client to client and access tokens have another one, the tokens of
   * the user (at the client) are ended instead, which is counted as widened.
   */
  readonly sessionInTokens: boolean;
  /** Accepts SETs with `sub`, as Google's. Default false. */
  readonly legacy: boolean;
  /** For `signed-json`. */
  readonly mapping?: JsonMapping | undefined;
}

export interface SourceRights {
  /** Accounts that are disabled stay denied until a lift. Without it, their tokens of before end. */
  readonly block: boolean;
  readonly lift: boolean;
  /** Subjects that are a whole tenant. */
  readonly tenant: boolean;
}

export const eventSettings = ['off', 'cutoff'] as const;
export type EventSetting = (typeof eventSettings)[number];

/** JSON pointers (RFC 6901) into the body of a `signed-json` webhook. */
export interface JsonMapping {
  /** To the list of events; absent: the body is one event. The other pointers start at an event. */
  readonly events?: string | undefined;
  /** To the name of the event: a key of `rules`. */
  readonly type: string;
  /** To the id of the event: a string, or a whole number. */
  readonly id: string;
  /** To its time: ISO 8601, or seconds or milliseconds since 1970. Absent: the receipt. */
  readonly time?: string | undefined;
  readonly rules: Readonly<Record<string, JsonRule>>;
}

export interface JsonRule {
  /** `end`: the session, or the tokens of the subject (at the client) issued so far. */
  readonly action: 'end' | 'block' | 'lift';
  /** Exactly one of `session`, `subject` and `email` is given: a pointer to it. */
  readonly session?: string | undefined;
  readonly subject?: string | undefined;
  readonly email?: string | undefined;
  /** Only with `subject`. */
  readonly client?: string | undefined;
  readonly reason?: RevocationReason | undefined;
}
