import type { Clock, Replica, ReplicaProgress } from '@revocast/denylist/replica';
import type { Readers } from '@revocast/denylist/server';

/** The lag of one replica behind this sidecar. */
export interface ReplicaLag extends Omit<ReplicaProgress, 'cursor'> {
  readonly lag:
    | { readonly kind: 'current' }
    /** `ms`: time since this sidecar applied the first change that the replica has not reported. */
    | { readonly kind: 'behind'; readonly changes: number; readonly ms: number }
    /** The replica is not synchronised yet, or its position is older than the recorded ones. */
    | { readonly kind: 'unknown' };
  /** Milliseconds since its last report; undefined for one that has never reported. */
  readonly silentMs?: number;
}

export interface ReplicaLags {
  /** Sorted by lag, the largest first. */
  read(): readonly ReplicaLag[];
  close(): void;
}

export interface ReplicaLagsOptions {
  readonly replica: Pick<Replica, 'denylist' | 'freshness' | 'onPosition'>;
  readonly readers: Pick<Readers, 'replicas' | 'silences' | 'onProgress'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** One position of the source, with the number of changes applied up to it. */
interface Mark {
  readonly changes: number;
  readonly cursor: string;
  /** Monotonic time at which this sidecar first had that number of changes. */
  readonly atMs: number;
}

/** Recorded positions: as many as {@link Readers} keeps. Older positions are never reported. */
const maxMarks = 4096;

/**
 * Measures the lag of the replicas behind this sidecar. Replicas report positions of the source. A position does not
 * contain a number of changes, so this sidecar counts the changes between positions itself.
 */
export function createReplicaLags({ replica, readers, clock }: ReplicaLagsOptions): ReplicaLags {
  const { denylist, freshness } = replica;
  const marks: Mark[] = [];
  let changes = 0;
  let stopChanges: (() => void) | undefined;
  let stopPositions: (() => void) | undefined;

  const mark = ({ cursor }: { readonly cursor: string }) => {
    if (!freshness.everComplete) return;
    // Only after the first snapshot: a listener would slow down the load of perhaps a million rules.
    stopChanges ??= denylist.onChange(() => {
      changes += 1;
    });
    const last = marks.at(-1);
    // Heartbeats move the position without a change. Replicas report the newest position, so only that one is kept.
    if (last?.changes === changes) marks[marks.length - 1] = { ...last, cursor };
    else marks.push({ changes, cursor, atMs: clock.monotonicMs() });
    if (marks.length > maxMarks) marks.shift();
  };
  // Before the first report there is no replica to measure.
  const stopReports = readers.onProgress(() => {
    stopPositions ??= replica.onPosition(mark);
  });

  const lagAt = (cursor: string | undefined): ReplicaLag['lag'] => {
    const index = cursor === undefined ? -1 : marks.findLastIndex((known) => known.cursor === cursor);
    const reached = marks[index];
    if (reached === undefined) return { kind: 'unknown' };
    const missing = changes - reached.changes;
    if (missing === 0) return { kind: 'current' };
    const nowMs = clock.monotonicMs();
    return { kind: 'behind', changes: missing, ms: nowMs - (marks[index + 1]?.atMs ?? nowMs) };
  };

  return {
    read() {
      const silences = readers.silences();
      return readers
        .replicas()
        .map(({ cursor, ...known }) => ({ ...known, lag: lagAt(cursor), silentMs: silences.get(known.id) }))
        .sort((one, other) => rank(other) - rank(one));
    },
    close() {
      stopReports();
      stopPositions?.();
      stopChanges?.();
    },
  };
}

function rank({ lag }: ReplicaLag): number {
  if (lag.kind === 'unknown') return Number.MAX_VALUE;
  return lag.kind === 'current' ? 0 : lag.changes;
}
