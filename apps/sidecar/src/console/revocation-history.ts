import {
  type AppliedResult,
  type Change,
  type Dimension,
  digestToHex,
  type ReplicationObserver,
  type RevocationDetails,
} from '@revocast/denylist/replica';
import { Ring } from './ring.ts';

/** One revocation or lift as this sidecar applied it. Times are milliseconds of the log's clock. */
export interface AppliedRevocation {
  readonly kind: 'revoke' | 'lift';
  readonly dimension?: Dimension;
  readonly reason?: NonNullable<RevocationDetails['reason']>;
  readonly actor?: string;
  /** The first 8 of 32 hex digits: enough to recognise one, too little to look one up. */
  readonly digestPrefix: string;
  readonly loggedAtMs: number;
  /** From when it happened, or was asked for, until it was applied here. Absent for a lift. */
  readonly latencyMs?: number;
  /** From the log until it was applied here. */
  readonly propagationMs: number;
}

export interface RevocationHistory {
  /** To be told what replication does. */
  readonly observer: Required<Pick<ReplicationObserver, 'changeApplied' | 'heartbeatSeen'>>;
  /** The last ones, oldest first. */
  recent(): readonly AppliedRevocation[];
  /** Milliseconds that the last heartbeats took from the log to here. */
  heartbeats(): readonly number[];
  /** Revocations applied since this sidecar started, by reason; `other` where none was given. */
  countByReason(): ReadonlyMap<string, number>;
}

/** Revocations and heartbeats remembered: about 200 kB. */
export const historyCapacity = 1000;

/**
 * Remembers what was applied lately. Live events only: what came with a snapshot carries no time, and what a re-seed gave
 * back was applied long before.
 */
export function createRevocationHistory(capacity = historyCapacity): RevocationHistory {
  const applied = new Ring<AppliedRevocation>(capacity);
  const heartbeats = new Ring<number>(capacity);
  const byReason = new Map<string, number>();
  return {
    observer: {
      changeApplied(change, result, appliedAtMs) {
        const revocation = readApplied(change, result, appliedAtMs);
        if (revocation === undefined) return;
        applied.push(revocation);
        if (revocation.kind !== 'revoke') return;
        const reason = revocation.reason ?? 'other';
        byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
      },
      heartbeatSeen(latencyMs) {
        heartbeats.push(Math.max(0, latencyMs));
      },
    },
    recent: () => applied.items(),
    heartbeats: () => heartbeats.items(),
    countByReason: () => byReason,
  };
}

function readApplied(
  { details, digest, loggedAtMs }: Change,
  result: AppliedResult,
  appliedAtMs: number | undefined,
): AppliedRevocation | undefined {
  if (result !== 'applied' || details === undefined || details.kind === 'reseed') return undefined;
  if (loggedAtMs === undefined || appliedAtMs === undefined) return undefined;
  const { kind, dimension, reason, actor } = details;
  const beganAtMs = details.occurredAtMs ?? details.requestedAtMs ?? loggedAtMs;
  return {
    kind,
    dimension,
    reason,
    actor,
    digestPrefix: digestToHex(digest).slice(0, 8),
    loggedAtMs,
    // Clocks differ by a little even when corrected: nothing arrives before it was sent.
    ...(kind === 'revoke' ? { latencyMs: Math.max(0, appliedAtMs - beganAtMs) } : {}),
    propagationMs: Math.max(0, appliedAtMs - loggedAtMs),
  };
}
