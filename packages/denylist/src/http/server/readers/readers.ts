import type { Clock } from '../../../clock.ts';
import type { FeedPosition } from '../../../log/feed.ts';
import { mostReplicas, type Reader, type ReplicaProgress } from '../../../log/reader.ts';
import { defaultMaxStalenessMs, mostMaxStalenessMs } from '../../../replication/max-staleness.ts';
import type { ReportRow } from '../../wire/frames/report.ts';
import type { JoinFrame } from '../../wire/frames/up.ts';
import { parsePosition } from '../../wire/wire.ts';
import type { HeldReplica, ReaderConnection, ReaderEntry } from './reader-entry.ts';
import { ReaderMemory } from './reader-memory.ts';
import { SourceMarks } from './source-marks.ts';

/**
 * Replicas remembered by name alone, without a stream: any program on this host can report any name, and each one makes the
 * reports upstream longer.
 */
const maxNamedOnly = 1000;

/**
 * Reported while replicas that were dropped at {@link mostReplicas} may still accept. Without a cursor it never counts
 * as having applied an entry.
 */
const droppedReplica: ReplicaProgress = {
  id: 'f'.repeat(16),
  hasLookUp: true,
  label: 'replicas beyond the number that this sidecar remembers',
  failOpen: false,
  maxStalenessMs: mostMaxStalenessMs,
};

export interface ReadersOptions {
  readonly clock: Clock;
  /** 16 hex digits, random. */
  readonly id: string;
  /** Names this sidecar for people, at most 128 bytes. */
  readonly label?: string;
  /** Of the sidecar itself; default 5000. */
  readonly maxStalenessMs?: number;
}

/**
 * The readers of a sidecar and how far each replica is. Upstream the sidecar is itself a reader, and this is what it
 * reports: itself, and the same replicas, with positions of its source. A report is made in one tick, so a replica that
 * it does not name yet starts from at least what the report says that the sidecar holds.
 */
export class Readers implements Reader {
  /** Names this sidecar as a reader, and also its feed. New with every start. */
  readonly id: string;
  readonly relay = true;
  readonly #clock: Clock;
  readonly #memory: ReaderMemory;
  readonly #marks = new SourceMarks();
  readonly #progressListeners = new Set<() => void>();
  readonly #acceptedListeners = new Set<() => void>();
  #acceptedRevision = 0;
  readonly #maxStalenessMs: number;
  readonly #label: string | undefined;

  constructor({ clock, id, label, maxStalenessMs = defaultMaxStalenessMs }: ReadersOptions) {
    this.#clock = clock;
    this.#memory = new ReaderMemory(clock);
    this.id = id;
    this.#label = label;
    this.#maxStalenessMs = maxStalenessMs;
  }

  get revision(): number {
    return this.#memory.revision;
  }

  accepted(revision: number): void {
    if (revision <= this.#acceptedRevision) return;
    this.#acceptedRevision = revision;
    for (const listener of this.#acceptedListeners) listener();
  }

  isAccepted(revision: number): boolean {
    return revision <= this.#acceptedRevision;
  }

  /** Calls `listener` whenever upstream has accepted a higher revision. */
  onAccepted(listener: () => void): () => void {
    this.#acceptedListeners.add(listener);
    return () => this.#acceptedListeners.delete(listener);
  }

  /** Calls `listener` when a replica has joined, moved, changed or left. */
  onProgress(listener: () => void): () => void {
    this.#progressListeners.add(listener);
    return () => this.#progressListeners.delete(listener);
  }

  /**
   * A connection has joined. With the secret of an earlier one it takes over the entry of that one, which has counted
   * all the time. Nothing else that it sends identifies it.
   *
   * @returns undefined when there are too many replicas to remember another one.
   */
  join({ kind: _kind, relay, secret, ...replica }: JoinFrame, connection: ReaderConnection) {
    const known = this.#memory.withSecret(secret);
    const entry = known?.relay === relay ? known : this.#memory.newEntry(relay);
    entry.connection?.replaced();
    this.#memory.connect(entry, connection);
    entry.reportedAtMs = this.#clock.monotonicMs();
    entry.followedRevision = undefined;
    const isRemembered = relay || this.#memory.hold(entry, entry.identity, replica);
    if (!isRemembered) {
      this.#memory.forget(entry);
      return undefined;
    }
    this.#memory.add(entry);
    this.#tellProgress();
    return entry;
  }

  /** It follows: proofs may go to it as soon as upstream has accepted the replicas that it has named so far. */
  follows(entry: ReaderEntry): void {
    entry.followedRevision = entry.revision;
  }

  /** @returns the revision that upstream must accept before these replicas count; undefined when there are too many. */
  report(entry: ReaderEntry, rows: readonly ReportRow[]): number | undefined {
    entry.reportedAtMs = this.#clock.monotonicMs();
    let isNews = false;
    for (const { id = entry.identity, left, ...row } of rows) {
      // A process reports only itself; a relay also reports others.
      if (!entry.relay && id !== entry.identity) continue;
      isNews ||= left === true || !saysTheSame(entry.replicas.get(id), row);
      if (left) this.#memory.drop(entry, id);
      else if (!this.#memory.hold(entry, id, row)) return undefined;
    }
    // Every replica reports once a second. Upstream learns that it lives from this sidecar, once a second for all of them.
    if (isNews) this.#tellProgress();
    return entry.revision;
  }

  /** Whether a proof may be sent to it: it follows, everything upstream counts it, and it reports. */
  mayProve(entry: ReaderEntry): boolean {
    const { connection, followedRevision, revisionToProve } = entry;
    const isFollowing = connection !== undefined && followedRevision !== undefined;
    return isFollowing && this.isAccepted(revisionToProve) && entry.isReporting(this.#clock.monotonicMs());
  }

  proofSent(entry: ReaderEntry): void {
    entry.provenAtMs = this.#clock.monotonicMs();
  }

  /** The connection is gone. Replicas that may still be fresh, or accept without being so, still count. */
  disconnected(entry: ReaderEntry, connection: ReaderConnection): void {
    // Another connection may have taken over the entry.
    if (entry.connection !== connection) return;
    this.#memory.disconnect(entry);
    this.#tellProgress();
  }

  /**
   * A report by a reader of the last release. Its name proves nothing, so a cursor counts only while a stream of that
   * name is open, and a replica that it no longer names is removed only when that replica can no longer be fresh.
   *
   * @returns false when there are too many replicas to remember another one.
   */
  reportByName(name: string, replicas: readonly ReplicaProgress[]): boolean {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#memory.named(name);
    // Any name may report: one that has neither replicas nor a stream is not remembered.
    if (known === undefined && replicas.length === 0) return true;
    if (known?.connection === undefined && this.#memory.countNamedOnly(known) + replicas.length > maxNamedOnly)
      return false;
    const entry = known ?? this.#newEntryOf(name);
    entry.reportedAtMs = nowMs;
    for (const { id, cursor, ...replica } of replicas) {
      const n = cursor === undefined ? undefined : this.#numberAt(cursor);
      if (this.#memory.hold(entry, id, { ...replica, n, label: id === name ? undefined : name })) continue;
      this.#memory.forgetIfEmpty(entry);
      return false;
    }
    const named = new Set(replicas.map(({ id }) => id));
    for (const [id, replica] of entry.replicas) {
      if (named.has(id) || replica.untilMs !== undefined) continue;
      entry.replicas.set(id, { ...replica, n: undefined, untilMs: entry.expiresAtMs(replica, nowMs) });
    }
    this.#tellProgress();
    return true;
  }

  /**
   * A stream of the last release was opened under this name. A relay without replicas has reported nothing that is
   * remembered: it gets no proof before its next report.
   *
   * @returns undefined for no name.
   */
  openedByName(name: string | undefined, connection: ReaderConnection): ReaderEntry | undefined {
    if (name === undefined) return undefined;
    let entry = this.#memory.named(name);
    if (entry === undefined) {
      entry = this.#newEntryOf(name);
      entry.reportedAtMs = Number.NEGATIVE_INFINITY;
    }
    this.#memory.connect(entry, connection);
    entry.followedRevision = entry.revision;
    return entry;
  }

  /** The entry of a name of the last release. */
  named(name: string | undefined): ReaderEntry | undefined {
    return this.#memory.named(name);
  }

  /** All changes up to `n` are those of the source up to `position`. */
  mark(n: number, position: FeedPosition): void {
    this.#marks.add(n, position);
  }

  /**
   * A new snapshot of the source was read. The changes numbered so far may be of a history that the source has lost, so
   * they correspond to no position of the present one.
   */
  snapshotRead(): void {
    this.#marks.clear();
  }

  /** This sidecar itself, and the replicas behind it. */
  *progress(position: { readonly cursor: string } | undefined): Iterable<ReplicaProgress> {
    const nowMs = this.#clock.monotonicMs();
    yield {
      id: this.id,
      label: this.#label,
      cursor: position?.cursor,
      failOpen: false,
      maxStalenessMs: this.#maxStalenessMs,
      isServer: true,
      hasLookUp: this.#memory.mayUseLookUps(nowMs),
      issuers: this.#memory.trustedIssuers(nowMs),
    };
    yield* this.#eachReplica();
  }

  /**
   * Every replica that may still accept what is not found, with the position of the source up to which it has applied
   * everything. Removes the others.
   */
  replicas(): ReplicaProgress[] {
    return [...this.#eachReplica()];
  }

  *#eachReplica(): Iterable<ReplicaProgress> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#memory.mayHaveDropped(nowMs)) yield droppedReplica;
    for (const entry of this.#memory.entries()) {
      const lacksStream = entry.name !== undefined && entry.connection === undefined;
      for (const [id, replica] of entry.replicas) {
        if (nowMs > entry.countsUntilMs(replica, nowMs)) {
          this.#memory.drop(entry, id);
          // Otherwise its reader would not learn that it no longer counts.
          entry.connection?.expired();
          continue;
        }
        const { n, label, failOpen, maxStalenessMs, isServer, hasLookUp } = replica;
        // Those of the others are in the union that this sidecar states of itself.
        const issuers = isServer ? replica.issuers : undefined;
        const cursor = n === undefined || lacksStream ? undefined : this.#marks.cursorAt(n);
        yield { id, label, cursor, failOpen, maxStalenessMs, isServer, hasLookUp, issuers };
      }
      this.#memory.forgetIfEmpty(entry);
    }
  }

  /** Milliseconds since the last report of each replica, by its id. A relay reports for the replicas behind it. */
  silences(): ReadonlyMap<string, number> {
    const nowMs = this.#clock.monotonicMs();
    const entries = [...this.#memory.entries()];
    return new Map(
      entries.flatMap(({ replicas, reportedAtMs }) =>
        [...replicas.keys()].map((id) => [id, Math.max(0, nowMs - reportedAtMs)] as const),
      ),
    );
  }

  /** Number of the change that the slowest replica with a connection has applied; undefined while none has reported one. */
  slowest(): number | undefined {
    let slowest: number | undefined;
    for (const { connection, replicas } of this.#memory.entries()) {
      if (connection === undefined) continue;
      for (const { n } of replicas.values()) if (n !== undefined && (slowest === undefined || n < slowest)) slowest = n;
    }
    return slowest;
  }

  #newEntryOf(name: string): ReaderEntry {
    const entry = this.#memory.newEntry(true, name);
    this.#memory.add(entry);
    return entry;
  }

  #tellProgress(): void {
    for (const listener of this.#progressListeners) listener();
  }

  /** The number of a cursor; undefined when it is of another feed, such as the one before a restart of this sidecar. */
  #numberAt(cursor: string): number | undefined {
    const at = parsePosition(cursor);
    return at?.feed === this.id ? at.n : undefined;
  }
}

/** Whether a row of a report changes nothing. Without a position it leaves the one that is held. */
function saysTheSame(held: HeldReplica | undefined, row: HeldReplica): boolean {
  return (
    held !== undefined &&
    held.untilMs === undefined &&
    (row.n === undefined || row.n === held.n) &&
    row.failOpen === held.failOpen &&
    row.hasLookUp === held.hasLookUp &&
    row.maxStalenessMs === held.maxStalenessMs &&
    (row.label === undefined || row.label === held.label) &&
    (row.issuers === undefined || row.issuers === held.issuers)
  );
}
