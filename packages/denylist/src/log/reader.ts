/** How far one replica is: an API process, identified for as long as it runs. */
export interface ReplicaProgress {
  readonly id: string;
  /** Cursor of the feed up to which it has applied everything; absent while it has joined and not yet synchronised. */
  readonly cursor?: string;
  /** It accepts while it does not know (`whenUnknown: 'accept'`), so it can be outrun. */
  readonly failOpen: boolean;
  /** How long it may stay fresh on its last proof. */
  readonly maxStalenessMs: number;
}

/**
 * Who reads a feed and speaks for replicas: an API process for itself, a sidecar for those behind it (not for itself: it
 * answers no requests). A reader joins before it may become fresh, so that no replica is fresh and unheard of.
 */
export interface Reader {
  readonly id: string;
  /** The replicas it speaks for, when it has itself applied everything up to `position`. */
  progress(position: { readonly cursor: string } | undefined): readonly ReplicaProgress[];
  /** Calls `listener` when a replica behind it moved although this reader did not. */
  onProgress?(listener: () => void): () => void;
}

/** A reader reports at least this often. */
export const reportMs = 1000;

/**
 * After this long without a report a reader is given no more proofs. So a replica that has been silent for this and its
 * `maxStalenessMs` cannot be fresh, whatever became of it.
 */
export const reportLifetimeMs = 2500;

/** Milliseconds of silence after which a replica cannot be fresh. */
export function silenceLimitMs({ maxStalenessMs }: Pick<ReplicaProgress, 'maxStalenessMs'>): number {
  return maxStalenessMs + reportLifetimeMs;
}

/** An API process; `failOpen` may be found out later, and is asked for each report. */
export interface SingleReplica extends Omit<ReplicaProgress, 'cursor' | 'failOpen'> {
  readonly failOpen: boolean | (() => boolean);
}

/** The reader of an API process. */
export function singleReplica({ id, failOpen, maxStalenessMs }: SingleReplica): Reader {
  return {
    id,
    progress: (position) => {
      const replica = { id, failOpen: typeof failOpen === 'function' ? failOpen() : failOpen, maxStalenessMs };
      return [position === undefined ? replica : { ...replica, cursor: position.cursor }];
    },
  };
}
