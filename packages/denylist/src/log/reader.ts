/** The progress of one replica: an API process, with an id for its lifetime. */
export interface ReplicaProgress {
  readonly id: string;
  /** Cursor of the feed up to which it has applied everything; absent before its first synchronisation. */
  readonly cursor?: string;
  /** It accepts while the revocation is unknown (`whenUnknown: 'accept'`), so silence does not make it safe. */
  readonly failOpen: boolean;
  /** How long it may stay fresh after its last proof. */
  readonly maxStalenessMs: number;
}

/**
 * A process that reads a feed and reports replicas: an API process reports itself, a sidecar the replicas behind it (not
 * itself: it answers no requests). A reader joins before it may become fresh, so that every fresh replica is known.
 */
export interface Reader {
  readonly id: string;
  /** The replicas it reports, when it has itself applied everything up to `position`. */
  progress(position: { readonly cursor: string } | undefined): readonly ReplicaProgress[];
  /** Calls `listener` when a replica behind it has moved and the reader itself has not. */
  onProgress?(listener: () => void): () => void;
}

/** A reader reports at least this often. */
export const reportMs = 1000;

/**
 * A reader without a report for this long receives no more proofs. So a replica that was silent for this long and its
 * `maxStalenessMs` cannot be fresh.
 */
export const reportLifetimeMs = 2500;

/** Milliseconds of silence after which a replica cannot be fresh. */
export function silenceLimitMs({ maxStalenessMs }: Pick<ReplicaProgress, 'maxStalenessMs'>): number {
  return maxStalenessMs + reportLifetimeMs;
}

/** An API process. `failOpen` may change while it runs: a function is called for each report. */
export interface SingleReplica extends Omit<ReplicaProgress, 'cursor' | 'failOpen'> {
  readonly failOpen: boolean | (() => boolean);
}

/** The reader of an API process. */
export function singleReplica({ id, failOpen, maxStalenessMs }: SingleReplica): Reader {
  const isFailOpen = typeof failOpen === 'function' ? failOpen : () => failOpen;
  return {
    id,
    progress: (position) => [{ id, cursor: position?.cursor, failOpen: isFailOpen(), maxStalenessMs }],
  };
}
