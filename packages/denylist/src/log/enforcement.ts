import { anyIssuer, includesIssuer } from '../rules/trusted-issuers.ts';
import { issuersOf, type ReplicaProgress, silenceLimitMs } from './reader.ts';

/**
 * Whether a replica that may accept tokens trusts an issuer. `none`: every one has stated its issuers, and it is not among
 * them. `unknown`: a replica may trust it, no replica has ever joined, or no issuer was asked for.
 */
export const issuerTrusts = ['some', 'none', 'unknown'] as const;
export type IssuerTrust = (typeof issuerTrusts)[number];

/** How many replicas have applied one entry of the log, and whether they trust its issuer. */
export interface Enforcement {
  /** Replicas that have applied it. */
  readonly enforced: number;
  /** Replicas that are alive, and reject when the revocation is unknown. */
  readonly expected: number;
  /** Replicas that have been silent for so long that they cannot be fresh: they reject what they do not know. */
  readonly expired: number;
  /** Expected replicas that have not applied it yet, and sidecars and relays that have not: `label (id)`, or the id alone. */
  readonly missing: readonly string[];
  /** Replicas that accept when the revocation is unknown, and have not applied it. */
  readonly failOpen: number;
  /** A replica may use an answer of a look-up that is older than the entry, for up to {@link lookUpMemoryMs}. */
  readonly mayRememberLookUp: boolean;
  /** False when the entry is not in the present history, when no replica has ever joined, or when lines may be missing. */
  readonly known: boolean;
  readonly issuerTrustedBy: IssuerTrust;
}

/** A process uses the answer of a look-up for a second, counted from before the question; the rest is a margin. */
export const lookUpMemoryMs = 1100;
/** A reader with a look-up may be alive for this long after its last report. */
const lookUpRetentionMs = 86_400_000;

/** What is read later may have been written after the time was read. */
export const readingMs = 100;

export const nothingKnown: Enforcement = Object.freeze({
  enforced: 0,
  expected: 0,
  expired: 0,
  missing: Object.freeze([]),
  failOpen: 0,
  mayRememberLookUp: false,
  known: false,
  issuerTrustedBy: 'unknown',
});

/** One replica, as of one reading of the log. */
export interface ReplicaStanding {
  readonly replica: ReplicaProgress;
  /** `unknown`: its history cannot be compared with ours. */
  readonly applied: 'yes' | 'no' | 'unknown';
  /** Milliseconds since the last report of its reader, by the clock of the log. */
  readonly silentMs: number;
}

/**
 * Counts replicas. A silent one is expected until it cannot be fresh any more: from then on it rejects by itself.
 *
 * A server that lacks the entry is missing too: a replica that joins it now starts from what the server holds. Otherwise
 * servers are not counted.
 */
export function countEnforcement(standings: readonly ReplicaStanding[]): Omit<Enforcement, 'issuerTrustedBy'> {
  const replicas = standings.filter(({ replica }) => !replica.isServer);
  const strict = replicas.filter(({ replica }) => !replica.failOpen);
  const expected = strict.filter(mayBeFresh);
  const missing = expected.filter(lacksEntry);
  const missingServers = standings.filter(
    (standing) => standing.replica.isServer && mayBeFresh(standing) && lacksEntry(standing),
  );
  return {
    enforced: expected.length - missing.length,
    expected: expected.length,
    expired: strict.length - expected.length,
    missing: [...missing, ...missingServers].map(({ replica }) => nameOf(replica)),
    // A fail-open replica never stops accepting by itself, however long it is silent.
    failOpen: replicas.filter((standing) => standing.replica.failOpen && lacksEntry(standing)).length,
    mayRememberLookUp: standings.some(
      ({ replica, silentMs }) => replica.hasLookUp !== false && silentMs <= lookUpRetentionMs,
    ),
    known: replicas.length > 0,
  };
}

/**
 * @param question `issuer`: its digest. `isComplete`: every reader that may be fresh is among them.
 * @param readers the replicas that each reader reports.
 */
export function judgeIssuerTrust(
  { issuer, isComplete }: { readonly issuer?: string; readonly isComplete: boolean },
  readers: readonly (readonly ReplicaStanding[])[],
): IssuerTrust {
  if (issuer === undefined) return 'unknown';
  const stated = readers.filter((standings) => standings.some(mayAccept)).map(issuersOfStandings);
  if (stated.some((issuers) => includesIssuer(issuers, issuer))) return 'some';
  return isComplete && stated.length > 0 && !stated.includes(anyIssuer) ? 'none' : 'unknown';
}

function issuersOfStandings(standings: readonly ReplicaStanding[]) {
  return issuersOf(standings.map(({ replica }) => replica));
}

function mayAccept(standing: ReplicaStanding): boolean {
  const { isServer, failOpen } = standing.replica;
  return isServer !== true && (failOpen || mayBeFresh(standing));
}

function nameOf({ id, label }: ReplicaProgress): string {
  return label === undefined || label === id ? id : `${label} (${id})`;
}

/**
 * A report from the future was dated by the clock of a Redis that is gone, or before the clock was set back. Such a step
 * interrupts the heartbeats, and an answer needs them without interruption for longer than a living reader is silent: so that
 * reader is gone.
 */
function mayBeFresh({ replica, silentMs }: ReplicaStanding): boolean {
  return silentMs >= -readingMs && silentMs <= silenceLimitMs(replica);
}

function lacksEntry({ applied }: ReplicaStanding): boolean {
  return applied !== 'yes';
}
