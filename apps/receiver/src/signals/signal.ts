import type { Revocation, RevocationReason, RevocationTarget } from '@revocast/denylist';
import type { JsonObject } from '@revocast/denylist/replica';
import type { Refusal } from './refusal.ts';
import type { SignalType } from './signal-type.ts';

/**
 * The result of reading one message, which may contain several events. Every reader of this folder returns it; none throws,
 * writes or fetches.
 */
export type Reading =
  | { readonly outcome: 'accepted'; readonly signals: readonly Signal[] }
  /** A fault of the message: it will be refused again. See `refusals` for the answer. */
  | { readonly outcome: 'refused'; readonly reason: Refusal }
  | Unverified;

/**
 * Nothing is known about the message: the sender must send it again. 503 when the keys cannot be fetched; 429 for a `kid` that
 * a fresh key set does not have (the sender may have rotated its key a moment ago).
 */
export interface Unverified {
  readonly outcome: 'unavailable';
  readonly status: 503 | 429;
  /** `not_ready`: the source is not set up yet. */
  readonly why: 'unknown_key' | 'keys_unavailable' | 'not_ready';
  /** A key set that was fetched after the receipt does not have the `kid`. */
  readonly isKidUnknown?: boolean | undefined;
  /** For `Retry-After`. */
  readonly retryAfterMs: number;
}

/** One verified event, and what follows from it. */
export interface Signal {
  /** Name of the source: safe as a label. */
  readonly source: string;
  /** Safe as a label. */
  readonly type: SignalType;
  /** `iss` of the message. Never a label. */
  readonly issuer: string;
  /** `jti` of the message, or the id of the event in a webhook. Never a label, never logged. */
  readonly eventId: string;
  /** When it happened, by the event: Unix milliseconds, never after the receipt. For `occurredAtMs` of the log. */
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
  /** At least one. */
  readonly effects: readonly Effect[];
}

/**
 * What one event does. The id of an effect is derived from the event, its time and the value, so that a repeated delivery
 * writes nothing. Where the log answers `id_conflict`, an event without a time of its own was delivered before.
 */
export type Effect =
  | RevokeEffect
  | BlockEffect
  | LiftEffect
  | ResolveEffect
  /** Of a stream: the answer to a verification request; `state` as received, at most 1024 characters. */
  | { readonly kind: 'verification'; readonly state: string | undefined }
  | { readonly kind: 'stream_updated'; readonly status: StreamStatus }
  /** Acknowledged and counted; nothing is written. `isLate`: page. */
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason; readonly isLate: boolean };

interface LoggedEffect {
  /** For `publisher.revoke(…, { id })`: 43 characters. */
  readonly id: string;
  /** 32 hex digits, the digest of the value: the effects on one value must reach the log in their order. */
  readonly target: string;
}

/** Denies a token or a session, or the tokens issued up to `issuedUpTo`. A cutoff always has its time: it never means "now". */
export interface RevokeEffect extends LoggedEffect {
  readonly kind: 'revoke';
  readonly revocation: Revocation;
  /** More tokens are denied than the event names, because no dimension is narrow enough. Count it. */
  readonly isWidened: boolean;
  /** A block that came too late, see `lateAfterMs`. Page. */
  readonly isLate: boolean;
}

/** Denies every token of a value until a lift. */
export interface BlockEffect extends LoggedEffect {
  readonly kind: 'block';
  readonly revocation: Revocation;
  /** Unix milliseconds: an account state that happened before a known one is dropped. */
  readonly stateAtMs: number;
}

export interface LiftEffect extends LoggedEffect {
  readonly kind: 'lift';
  readonly lift: RevocationTarget;
  readonly stateAtMs: number;
}

/**
 * The subject is named in a way that no token contains, such as an e-mail address. Pass `identifier` to `resolveSubject`, then
 * its subjects to `effectsOfSubjects`.
 */
export interface ResolveEffect {
  readonly kind: 'resolve';
  /** A subject identifier with its `format` (RFC 9493 §3). Never logged. */
  readonly identifier: JsonObject;
  readonly action: Action;
  /** Only the tokens of this client. */
  readonly client: string | undefined;
  readonly isWidened: boolean;
}

/** What an event does to the subjects that it names. */
export interface Action {
  /** `end`: the token, the session, or the tokens issued so far. */
  readonly kind: 'end' | 'block' | 'lift';
  readonly reason: RevocationReason;
  /** Claim seconds of the event, by the clock of the sender: a cutoff includes the tokens issued up to here. */
  readonly issuedUpTo: number;
  /** Claim seconds of the receipt, with the skew of the log: for a block that came too late. */
  readonly receivedUpTo: number;
  /** Unix milliseconds of the event, by the clock of the sender: orders the states of an account. */
  readonly stateAtMs: number;
  /** The event was older than `lateAfterMs` at its receipt. */
  readonly isLate: boolean;
  /** What the ids of its effects are derived from: source, issuer, id of the event, type, and the time that the event has. */
  readonly event: readonly string[];
}

/**
 * `unsupported`: an event or a subject that means nothing here · `off`: by the configuration, or by default · `not_allowed`:
 * the source has no right to it (`allow`) · `unmapped_issuer`: the subject belongs to an issuer that is not in `tokenIssuers`
 * of the source · `too_late`: a lift older than `lateAfterMs` · `malformed`: one event of a webhook has no subject or no time
 * where the source should have it; the others of its message must not be lost because of it.
 */
export const ignoredReasons = [
  'unsupported',
  'off',
  'not_allowed',
  'unmapped_issuer',
  'too_late',
  'malformed',
] as const;
export type IgnoredReason = (typeof ignoredReasons)[number];

/** SSF 1.0 §8.1.5; `other`: a word that is not in the specification. */
export const streamStatuses = ['enabled', 'paused', 'disabled', 'other'] as const;
export type StreamStatus = (typeof streamStatuses)[number];
