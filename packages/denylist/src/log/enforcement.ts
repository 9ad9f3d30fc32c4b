import { type ReplicaProgress, silenceLimitMs } from './reader.ts';

/** Where each replica stands towards one entry of the log. */
export interface Enforcement {
  /** Replicas that have applied it. */
  readonly enforced: number;
  /** Replicas that are alive and refuse when they do not know. */
  readonly expected: number;
  /** Replicas silent for so long that they cannot be fresh: they refuse everything they do not know. */
  readonly expired: number;
  /** Ids of replicas that are alive and have not applied it yet. */
  readonly missing: readonly string[];
  /** Replicas that accept when they do not know, and have not applied it. */
  readonly failOpen: number;
  /** Whether anything can be said: false when the entry is not in the present history, or nobody has ever joined. */
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

/** What is known of one replica, as of one reading of the log. */
export interface ReplicaStanding {
  readonly replica: ReplicaProgress;
  /** `unknown`: its history cannot be compared with ours. */
  readonly applied: 'yes' | 'no' | 'unknown';
  /** Milliseconds since its reader last reported. */
  readonly silentMs: number;
}

/** Counts replicas. A silent one is waited for until it can no longer be fresh: then it denies by not knowing. */
export function countEnforcement(standings: readonly ReplicaStanding[]): Enforcement {
  const isSilent = ({ replica, silentMs }: ReplicaStanding) => silentMs > silenceLimitMs(replica);
  const strict = standings.filter(({ replica }) => !replica.failOpen);
  const waitedFor = strict.filter((standing) => !isSilent(standing));
  const missing = waitedFor.filter(({ applied }) => applied !== 'yes').map(({ replica }) => replica.id);
  return {
    enforced: waitedFor.length - missing.length,
    expected: waitedFor.length,
    expired: strict.length - waitedFor.length,
    missing,
    // A fail-open replica never stops accepting by itself, however long it is silent.
    failOpen: standings.filter(({ replica, applied }) => replica.failOpen && applied !== 'yes').length,
    known: standings.length > 0,
  };
}
