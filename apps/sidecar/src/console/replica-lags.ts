import type { Clock, Replica, ReplicaProgress } from '@revocast/denylist/replica';
import type { Readers } from '@revocast/denylist/server';

/** How far one replica is behind this sidecar. */
export interface ReplicaLag extends Omit<ReplicaProgress, 'cursor'> {
  readonly lag:
    | { readonly kind: 'current' }
    /** `ms`: since the first change that it has not reported was applied here. */
    | { readonly kind: 'behind'; readonly changes: number; readonly ms: number }
    /** It has joined and not yet synchronised, or is further behind than is remembered here. */
    | { readonly kind: 'unknown' };
}

export interface ReplicaLags {
  /** The furthest behind first. */
  read(): readonly ReplicaLag[];
  close(): void;
}

export interface ReplicaLagsOptions {
  readonly replica: Pick<Replica, 'denylist' | 'freshness' | 'onPosition'>;
  readonly readers: Pick<Readers, 'replicas' | 'onProgress'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

interface Mark {
  readonly changes: number;
  readonly cursor: string;
  /** When this many changes were first applied here. */
  readonly atMs: number;
}

/** Positions remembered, as many as {@link Readers} does: what it no longer knows cannot be measured here. */
const maxMarks = 4096;

/**
 * Measures the lag of the replicas behind this sidecar. They report positions of its source; how many changes lie
 * between two of those only a count kept beside them tells, whatever the source is.
 */
export function createReplicaLags({ replica, readers, clock }: ReplicaLagsOptions): ReplicaLags {
  const { denylist, freshness } = replica;
  const marks: Mark[] = [];
  let changes = 0;
  let stopChanges: (() => void) | undefined;
  let stopPositions: (() => void) | undefined;

  const mark = ({ cursor }: { readonly cursor: string }) => {
    if (!freshness.everComplete) return;
    // Not before: a listener makes the first snapshot, of perhaps a million rules, slower for nobody's benefit.
    stopChanges ??= denylist.onChange(() => {
      changes += 1;
    });
    const last = marks.at(-1);
    // Heartbeats move the position and change nothing; the newest position of the same count is the one reported.
    if (last?.changes === changes) marks[marks.length - 1] = { ...last, cursor };
    else marks.push({ changes, cursor, atMs: clock.monotonicMs() });
    if (marks.length > maxMarks) marks.shift();
  };
  // With the first report somebody begins to follow; before that there is nothing to measure.
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
    read: () =>
      readers
        .replicas()
        .map(({ cursor, ...known }) => ({ ...known, lag: lagAt(cursor) }))
        .sort((one, other) => compare(rank(other), rank(one))),
    close() {
      stopReports();
      stopPositions?.();
      stopChanges?.();
    },
  };
}

function rank({ lag }: ReplicaLag): number {
  if (lag.kind === 'unknown') return Number.POSITIVE_INFINITY;
  return lag.kind === 'current' ? 0 : lag.changes;
}

/** Subtracting would make nothing comparable of two infinities. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
