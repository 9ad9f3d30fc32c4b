import { type ReplicaProgress, silenceLimitMs } from './reader.ts';

/** How many replicas have applied one entry of the log. */
export interface Enforcement {
  /** Replicas that have applied it. */
  readonly enforced: number;
  /** Replicas that are alive, and reject when the revocation is unknown. */
  readonly expected: number;
  /** Replicas that have been silent for so long that they cannot be fresh: they reject what they do not know. */
  readonly expired: number;
  /** Ids of expected replicas that have not applied it yet. */
  readonly missing: readonly string[];
  /** Replicas that accept when the revocation is unknown, and have not applied it. */
  readonly failOpen: number;
  /** False when the entry is not in the present history, or when no replica has ever joined. */
  readonly known: boolean;
}

export const nothingKnown: Enforcement = Object.freeze({
  enforced: 0,
  expected: 0,
  expired: 0,
  missing: Object.freeze([]),
  failOpen: 0,
  known: false,
});

/** One replica, as of one reading of the log. */
export interface ReplicaStanding {
  readonly replica: ReplicaProgress;
  /** `unknown`: its history cannot be compared with ours. */
  readonly applied: 'yes' | 'no' | 'unknown';
  /** Milliseconds since the last report of its reader. */
  readonly silentMs: number;
}

/** Counts replicas. A silent one is expected until it cannot be fresh any more: from then on it rejects by itself. */
export function countEnforcement(standings: readonly ReplicaStanding[]): Enforcement {
  const strict = standings.filter(({ replica }) => !replica.failOpen);
  const expected = strict.filter(({ replica, silentMs }) => silentMs <= silenceLimitMs(replica));
  const missing = expected.filter(({ applied }) => applied !== 'yes').map(({ replica }) => replica.id);
  return {
    enforced: expected.length - missing.length,
    expected: expected.length,
    expired: strict.length - expected.length,
    missing,
    // A fail-open replica never stops accepting by itself, however long it is silent.
    failOpen: standings.filter(({ replica, applied }) => replica.failOpen && applied !== 'yes').length,
    known: standings.length > 0,
  };
}
