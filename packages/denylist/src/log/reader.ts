/** The progress of one replica: an API process, with an id for its lifetime. */
export interface ReplicaProgress {
  readonly id: string;
  /** For people: host or pod, process id, a name of its own; at most 128 bytes. */
  readonly label?: string;
  /** Cursor of the feed up to which it has applied everything; absent before its first synchronisation. */
  readonly cursor?: string;
  /** It accepts while the revocation is unknown (`whenUnknown: 'accept'`), so silence does not make it safe. */
  readonly failOpen: boolean;
  /** How long it may stay fresh after its last proof. */
  readonly maxStalenessMs: number;
}

/**
/**
 * A process that reads a feed and reports replicas: an API process reports itself, a sidecar the replicas behind it (not
 * itself: it answers no requests). A reader joins before it may become fresh, so that every fresh replica is known.
 */
export interface Reader {
  readonly id: string;
  /** Reports the replicas behind it and not itself. Default false. */
  readonly relay?: boolean;
  /** The replicas it reports, when it has itself applied everything up to `position`. */
  progress(position: { readonly cursor: string } | undefined): readonly ReplicaProgress[];
  /** Calls `listener` when a replica behind it has moved and the reader itself has not. */
  onProgress?(listener: () => void): () => void;
  /** Grows with every replica that joins behind it. */
  readonly revision?: number;
  /** Everything upstream counts the replicas that had joined at `revision`. */
  accepted?(revision: number): void;
  /** The sidecar that it follows has drawn this identity for it. */
  identified?(identity: string): void;
}

/**
 * Whether a reader that stops in order may be taken off the list at once. The replicas behind a relay live on, and may be
 * fresh by its last proof: they count until they cannot be.
 */
export function mayLeave(reader: Reader): boolean {
  return reader.relay !== true || reader.progress(undefined).length === 0;
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

/** The reader of an API process. Its id is the given one, until a sidecar draws one. */
export function singleReplica({ id, label, failOpen, maxStalenessMs }: SingleReplica): Reader {
  const isFailOpen = typeof failOpen === 'function' ? failOpen : () => failOpen;
  let identity = id;
  return {
    get id() {
      return identity;
    },
    progress: (position) => [{ id: identity, label, cursor: position?.cursor, failOpen: isFailOpen(), maxStalenessMs }],
    identified(drawn) {
      identity = drawn;
    },
  };
}
