import { type ReplicaProgress, reportLifetimeMs, silenceLimitMs } from '../../../log/reader.ts';
import { leastMaxStalenessMs } from '../../../replication/max-staleness.ts';

/** A replica as a reader has reported it. */
export interface HeldReplica extends Omit<ReplicaProgress, 'id' | 'cursor'> {
  /** Number of the last change of this feed that it has applied; absent while it has none. */
  readonly n?: number;
  /** Monotonic milliseconds up to which it counts although its reader does not name it any more. */
  readonly untilMs?: number;
}

/** How long a replica that accepts while it does not know is remembered after its connection was lost, and any look-up. */
export const failOpenMemoryMs = 86_400_000;

/** What a sidecar tells the connection of a reader. */
export interface ReaderConnection {
  /** Another connection has presented its secret. */
  replaced(): void;
  /** It has not reported for so long that its replicas do not count any more: it must join anew. */
  expired(): void;
}

export interface ReaderEntryOptions {
  readonly identity: string;
  readonly secret: string;
  readonly relay: boolean;
  /** The name that a reader of the last release chose. */
  readonly name?: string;
  readonly nowMs: number;
}

/** One reader of a sidecar, and the replicas that it reports. Lives on for a while when its connection is gone. */
export class ReaderEntry {
  /** 16 hex digits. */
  readonly identity: string;
  /** 32 hex digits; only a connection that presents it takes the place of the one before. */
  readonly secret: string;
  readonly relay: boolean;
  readonly name: string | undefined;
  readonly replicas = new Map<string, HeldReplica>();
  connection: ReaderConnection | undefined;
  /** Its replicas count once everything upstream has accepted this revision. */
  revision = 0;
  /** The revision at which it began to follow; undefined before. */
  followedRevision: number | undefined;
  reportedAtMs: number;
  disconnectedAtMs = Number.POSITIVE_INFINITY;
  /** When a proof was sent to it for the last time. */
  provenAtMs = Number.NEGATIVE_INFINITY;

  constructor({ identity, secret, relay, name, nowMs }: ReaderEntryOptions) {
    this.identity = identity;
    this.secret = secret;
    this.relay = relay;
    this.name = name;
    this.reportedAtMs = nowMs;
  }

  /**
   * What upstream must have accepted before a proof is sent. A relay that follows holds back its welcome to each new
   * replica itself, so new ones do not keep proofs from the others; a reader of the last release does not.
   */
  get revisionToProve(): number {
    return this.relay && this.name === undefined && this.followedRevision !== undefined
      ? this.followedRevision
      : this.revision;
  }

  /** Whether it has reported lately: a reader that stopped reporting gets no further proof, and expires. */
  isReporting(nowMs: number): boolean {
    const own = this.relay ? undefined : this.replicas.get(this.identity);
    const lifetimeMs = own === undefined ? reportLifetimeMs : Math.max(own.maxStalenessMs, leastMaxStalenessMs);
    return nowMs - this.reportedAtMs <= lifetimeMs;
  }

  /** Monotonic milliseconds up to which a replica may be fresh, or accept although it is not. */
  countsUntilMs(replica: HeldReplica, nowMs: number): number {
    if (replica.untilMs !== undefined) return replica.untilMs;
    if (this.connection !== undefined && (replica.failOpen || this.isReporting(nowMs))) return Number.POSITIVE_INFINITY;
    // A reader of the last release reports before it opens its stream.
    const joiningUntilMs = this.name === undefined ? Number.NEGATIVE_INFINITY : this.reportedAtMs + reportLifetimeMs;
    return Math.max(joiningUntilMs, this.expiresAtMs(replica, this.disconnectedAtMs));
  }

  /** Monotonic milliseconds up to which a replica that was lost at `lostAtMs` may be fresh, or accept without being so. */
  expiresAtMs(replica: HeldReplica, lostAtMs: number): number {
    return replica.failOpen ? lostAtMs + failOpenMemoryMs : this.provenAtMs + silenceLimitMs(replica);
  }
}
