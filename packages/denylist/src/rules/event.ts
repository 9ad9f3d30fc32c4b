import type { Digest } from './digest.ts';
import type { Dimension, RevocationReason } from './revocation.ts';
import type { Rule } from './rule.ts';

/** What is told of a revocation beside its rule: for audit and for the latency figures. Never enforced. */
export interface RevocationDetails {
  /** The event id: chosen by the publisher, so that a retry is recognised. */
  readonly id: string;
  readonly kind: 'revoke' | 'lift' | 'reseed';
  readonly dimension?: Dimension;
  readonly reason?: RevocationReason;
  readonly actor?: string;
  /** When it happened at the identity provider, if known. Publisher's clock corrected to the log's. */
  readonly occurredAtMs?: number;
  /** When `revoke()` was called, in the log's clock as the publisher knows it. */
  readonly requestedAtMs?: number;
  /** W3C trace context of the revocation, so that one trace shows its enforcement. */
  readonly traceparent?: string;
  /** It denied what was issued up to a time; said by the log. Such an event cannot be lifted. */
  readonly cutoff?: true;
}

/** One value's rule as the log holds it after a statement. */
export interface Change {
  readonly digest: Digest;
  readonly rule: Rule;
  /** Log clock. Absent when learnt from a snapshot: such a change carries no time and counts as `resynced`. */
  readonly loggedAtMs?: number;
  /** Log clock, when the first process on this host received it. */
  readonly receivedAtMs?: number;
  readonly details?: RevocationDetails;
}
