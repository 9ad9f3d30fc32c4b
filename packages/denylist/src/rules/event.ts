import type { Digest } from './digest.ts';
import type { Dimension, RevocationReason } from './revocation.ts';
import type { Rule } from './rule.ts';

/** What the log records about a revocation beside its rule, for audit and latency figures. Never enforced. */
export interface RevocationDetails {
  /** The event id. The publisher chooses it, so that the log recognises a retry. At most 128 characters. */
  readonly id: string;
  readonly kind: 'revoke' | 'lift' | 'reseed';
  readonly dimension?: Dimension;
  readonly reason?: RevocationReason;
  readonly actor?: string;
  /** When it happened at the identity provider, if known: the publisher's clock, corrected to the log's. */
  readonly occurredAtMs?: number;
  /** When `revoke()` was called, in the log's clock as the publisher estimates it. */
  readonly requestedAtMs?: number;
  /** W3C trace context of the revocation, so that its enforcement appears in the same trace. */
  readonly traceparent?: string;
  /** Set by the log: the event is a cutoff, which cannot be lifted. */
  readonly cutoff?: true;
  /** In a log file: what the id stands for, see {@link fingerprintOf}. Redis keeps it with the id. */
  readonly fingerprint?: string;
}

/** Whether a value is an event id: 1–128 printable ASCII characters without spaces. */
export function isEventId(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value);
}

/** Whether a value is a time between 2001 and 5138. Seconds or nanoseconds in its place are not. */
export function isUnixMilliseconds(value: unknown): value is number {
  return typeof value === 'number' && value > 1e12 && value < 1e14;
}

/** The rule of one value in the log after a statement. */
export interface Change {
  readonly digest: Digest;
  readonly rule: Rule;
  /** Log clock. Absent in a change learnt from a snapshot: it has no times and counts as `resynced`. */
  readonly loggedAtMs?: number;
  /** Log clock, when the first process on this host received it. */
  readonly receivedAtMs?: number;
  readonly details?: RevocationDetails;
}
