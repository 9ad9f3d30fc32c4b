import {
  type Change,
  type Dimension,
  digestToHex,
  type ReplicationObserver,
  type RevocationDetails,
} from '@revocast/denylist/replica';
import { Ring } from './ring.ts';

/** One revocation or lift that this sidecar applied. Times are milliseconds of the clock of the log. */
export interface AppliedRevocation {
  readonly kind: 'revoke' | 'lift';
  readonly dimension?: Dimension;
  readonly reason?: NonNullable<RevocationDetails['reason']>;
  readonly actor?: string;
  /** The id of the event, for a retry or a lift. */
  readonly id: string;
  /** 32 hex digits. The page shows the first 8: enough to recognise a revocation, too few to look it up. */
  readonly digest: string;
  readonly loggedAtMs: number;
  /** From the event, or else the request, until it was applied here. Absent for a lift. */
  readonly latencyMs?: number;
  /** From the log until it was applied here. */
  readonly propagationMs: number;
}

export interface RevocationHistory {
  /** Records the events of the replication. */
  readonly observer: Required<Pick<ReplicationObserver, 'changeApplied' | 'heartbeatSeen'>>;
  /** The last revocations and lifts, oldest first. */
  recent(): readonly AppliedRevocation[];
  /** The last revocation or lift of a value, if it is still kept. @param digest 32 hex digits. */
  last(digest: string): AppliedRevocation | undefined;
  /** Milliseconds from the log to this sidecar, for the last heartbeats. */
  heartbeats(): readonly number[];
  /** Revocations applied since this sidecar started, by reason; `other` for those without a reason. */
  countByReason(): ReadonlyMap<string, number>;
}

/** Revocations and heartbeats that are kept: about 400 kB. */
const historyCapacity = 1000;

/**
 * Keeps the last revocations and heartbeats. Live events only: rules from a snapshot have no time, and re-seeded rules
 * were applied earlier.
 */
export function createRevocationHistory(capacity = historyCapacity): RevocationHistory {
  // Made readable only when they are read: every revocation passes here.
  const applied = new Ring<Applied>(capacity);
  const recent = () => applied.items().map(describe);
  const heartbeats = new Ring<number>(capacity);
  const byReason = new Map<string, number>();
  return {
    observer: {
      changeApplied(change, result, appliedAtMs) {
        const { details, loggedAtMs } = change;
        if (result !== 'applied' || details === undefined || details.kind === 'reseed') return;
        if (loggedAtMs === undefined || appliedAtMs === undefined) return;
        const { kind, reason = 'other' } = details;
        applied.push({ digest: change.digest, details, kind, loggedAtMs, appliedAtMs });
        if (kind !== 'revoke') return;
        byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
      },
      heartbeatSeen(latencyMs) {
        heartbeats.push(Math.max(0, latencyMs));
      },
    },
    recent,
    last: (digest) => recent().findLast((revocation) => revocation.digest === digest),
    heartbeats: () => heartbeats.items(),
    countByReason: () => byReason,
  };
}

interface Applied extends Pick<Change, 'digest'> {
  readonly details: RevocationDetails;
  readonly kind: AppliedRevocation['kind'];
  readonly loggedAtMs: number;
  readonly appliedAtMs: number;
}

function describe({ digest, details, kind, loggedAtMs, appliedAtMs }: Applied): AppliedRevocation {
  const { id, dimension, reason, actor } = details;
  const beganAtMs = details.occurredAtMs ?? details.requestedAtMs ?? loggedAtMs;
  return {
    kind,
    dimension,
    reason,
    actor,
    id,
    digest: digestToHex(digest),
    loggedAtMs,
    // Corrected clocks still differ slightly. A negative latency is impossible, so it counts as 0.
    latencyMs: kind === 'revoke' ? Math.max(0, appliedAtMs - beganAtMs) : undefined,
    propagationMs: Math.max(0, appliedAtMs - loggedAtMs),
  };
}
