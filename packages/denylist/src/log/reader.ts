import { anyIssuer, type TrustedIssuers, unionOfIssuers } from '../rules/trusted-issuers.ts';

/** The progress of one replica: an API process, or a sidecar or relay for itself. Its id is that of one lifetime. */
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
  /**
   * It is a sidecar or a relay. It answers no requests, but replicas that join it later start from what it holds. Default
   * false.
   */
  readonly isServer?: boolean;
  /**
   * It asks the log for what its denylist cannot answer, and uses such an answer for up to a second. Of a server: a replica
   * that does so has been behind it within the last day. Undefined: unknown, as from readers of the last release.
   */
  readonly hasLookUp?: boolean;
  /**
   * The issuers of the tokens that it accepts. Of a server: those of all replicas behind it, which then need not state their
   * own. Undefined: unknown, as from readers of the last release.
   */
  readonly issuers?: TrustedIssuers;
}

/**
 * A process that reads a feed and reports replicas: an API process reports itself; a sidecar reports the replicas behind
 * it, and itself as a server. A reader joins before it may become fresh, so every fresh replica is known.
 */
export interface Reader {
  readonly id: string;
  /** It reports the replicas behind it. Default false. */
  readonly relay?: boolean | undefined;
  /**
   * The replicas it reports, when it has itself applied everything up to `position`. To be read at once and once: a sidecar
   * may have 10,000, and makes each one when it is read.
   */
  progress(position: { readonly cursor: string } | undefined): Iterable<ReplicaProgress>;
  /** A new snapshot was read: earlier positions of the feed may be of another history. */
  readonly snapshotRead?: (() => void) | undefined;
  /** Calls `listener` when a replica behind it has moved and the reader itself has not. */
  readonly onProgress?: ((listener: () => void) => () => void) | undefined;
  /** Grows with every replica that joins behind it. */
  readonly revision?: number | undefined;
  /** Everything upstream counts the replicas that had joined at `revision`. */
  readonly accepted?: ((revision: number) => void) | undefined;
  /** The sidecar that it follows has drawn this identity for it. */
  readonly identified?: ((identity: string) => void) | undefined;
}

/**
 * Whether a reader that stops in order may be taken off the list at once. The replicas behind a relay live on, and may be
 * fresh by its last proof: they count until they cannot be.
 */
export function mayLeave(reader: Reader): boolean {
  if (reader.relay !== true) return true;
  for (const { isServer } of reader.progress(undefined)) if (isServer !== true) return false;
  return true;
}

/** The issuers that the replicas of one reader trust, as far as they state them: unknown is any. */
export function issuersOf(replicas: Iterable<Pick<ReplicaProgress, 'isServer' | 'issuers'>>): TrustedIssuers {
  const all = [...replicas];
  const servers = all.filter(({ isServer }) => isServer === true);
  return unionOfIssuers((servers.length > 0 ? servers : all).map(({ issuers }) => issuers ?? anyIssuer));
}

/** What a replica promises, as far as publishers rely on it. */
type ReplicaPromise = Pick<ReplicaProgress, 'failOpen' | 'hasLookUp' | 'maxStalenessMs'>;

/** Whether upstream must have heard of a report before it is relied on: the replica may now accept more or longer. */
export function isWeakerThan(before: ReplicaPromise, now: ReplicaPromise): boolean {
  return (
    (now.failOpen && !before.failOpen) ||
    (now.hasLookUp !== false && before.hasLookUp === false) ||
    now.maxStalenessMs > before.maxStalenessMs
  );
}

/** Replicas that a sidecar or a relay remembers: every process on its host may report, so the number is bounded. */
export const mostReplicas = 10_000;

/** The longest report of a reader: the replicas behind it, itself, and one row for all that it has dropped. */
export const mostReportedReplicas = mostReplicas + 2;

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

/** An API process. What may change while it runs is a function, which is called for each report. */
export interface SingleReplica extends Pick<ReplicaProgress, 'id' | 'label' | 'maxStalenessMs'> {
  readonly failOpen: boolean | (() => boolean);
  readonly hasLookUp: boolean | (() => boolean);
  readonly issuers?: () => TrustedIssuers;
}

/** The reader of an API process. Its id is the given one, until a sidecar draws one. */
export function singleReplica({ id, failOpen, hasLookUp, issuers, ...replica }: SingleReplica): Reader {
  let identity = id;
  return {
    get id() {
      return identity;
    },
    progress: (position) => [
      {
        ...replica,
        id: identity,
        cursor: position?.cursor,
        failOpen: now(failOpen),
        hasLookUp: now(hasLookUp),
        issuers: issuers?.(),
      },
    ],
    identified(drawn) {
      identity = drawn;
    },
  };
}

function now(answer: boolean | (() => boolean)): boolean {
  return typeof answer === 'function' ? answer() : answer;
}
