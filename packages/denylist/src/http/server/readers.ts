import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { FeedPosition } from '../../log/feed.ts';
import { issuersOf, isWeakerThan, mostReplicas, type Reader, type ReplicaProgress } from '../../log/reader.ts';
import { JoinBudget } from '../../replication/join-budget.ts';
import { defaultMaxStalenessMs, mostMaxStalenessMs } from '../../replication/max-staleness.ts';
import { anyIssuer, type TrustedIssuers, unionOfIssuers } from '../../rules/trusted-issuers.ts';
import type { ReportRow } from '../wire/frames/report.ts';
import type { JoinFrame } from '../wire/frames/up.ts';
import { parsePosition } from '../wire/wire.ts';
import { failOpenMemoryMs, type HeldReplica, type ReaderConnection, ReaderEntry } from './reader-entry.ts';

/**
 * Replicas remembered by name alone, without a stream: any program on this host can report any name, and each one makes the
 * reports upstream longer.
 */
const maxNamedOnly = 1000;
/** Positions of the source remembered, to translate what readers have reached: a few seconds of changes. */
const maxMarks = 4096;

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
  readonly #budget: JoinBudget;
  readonly #entries = new Map<string, ReaderEntry>();
  /** Those without a connection, the one that has been without it for longest first. */
  readonly #disconnected = new Set<ReaderEntry>();
  readonly #bySecret = new Map<string, ReaderEntry>();
  /** Readers of the last release, by the names they choose. */
  readonly #byName = new Map<string, ReaderEntry>();
  #marks: { readonly n: number; readonly position: FeedPosition }[] = [];
  readonly #progressListeners = new Set<() => void>();
  readonly #acceptedListeners = new Set<() => void>();
  #replicaCount = 0;
  #revision = 0;
  #acceptedRevision = 0;
  /** Monotonic milliseconds up to which a dropped replica may accept. */
  #droppedUntilMs = Number.NEGATIVE_INFINITY;
  /** Monotonic milliseconds of the last report of a replica with a look-up. */
  #lookUpSeenAtMs = Number.NEGATIVE_INFINITY;
  /** Those of all replicas; undefined once a replica has joined, changed or gone since. */
  #issuers: TrustedIssuers | undefined;
  readonly #maxStalenessMs: number;
  readonly #label: string | undefined;

  constructor({ clock, id, label, maxStalenessMs = defaultMaxStalenessMs }: ReadersOptions) {
    this.#clock = clock;
    this.#budget = new JoinBudget(clock);
    this.id = id;
    this.#label = label;
    this.#maxStalenessMs = maxStalenessMs;
  }

  get revision(): number {
    return this.#revision;
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
    const known = secret === undefined ? undefined : this.#bySecret.get(secret);
    const entry = known?.relay === relay ? known : this.#newEntry(relay);
    entry.connection?.replaced();
    entry.connection = connection;
    this.#disconnected.delete(entry);
    entry.reportedAtMs = this.#clock.monotonicMs();
    entry.followedRevision = undefined;
    const isRemembered = relay || this.#hold(entry, entry.identity, replica);
    if (!isRemembered) {
      this.#forget(entry);
      return undefined;
    }
    this.#bySecret.set(entry.secret, entry);
    this.#entries.set(entry.identity, entry);
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
      if (left) this.#drop(entry, id);
      else if (!this.#hold(entry, id, row)) return undefined;
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
    entry.connection = undefined;
    entry.disconnectedAtMs = this.#clock.monotonicMs();
    this.#disconnected.add(entry);
    this.#forgetEmpty(entry);
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
    const known = this.#byName.get(name);
    // Any name may report: one that has neither replicas nor a stream is not remembered.
    if (known === undefined && replicas.length === 0) return true;
    if (known?.connection === undefined && this.#countNamedOnly(known) + replicas.length > maxNamedOnly) return false;
    const entry = known ?? this.#newEntryOf(name);
    entry.reportedAtMs = nowMs;
    for (const { id, cursor, ...replica } of replicas) {
      const n = cursor === undefined ? undefined : this.#numberAt(cursor);
      if (this.#hold(entry, id, { ...replica, n, label: id === name ? undefined : name })) continue;
      this.#forgetEmpty(entry);
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
    let entry = this.#byName.get(name);
    if (entry === undefined) {
      entry = this.#newEntryOf(name);
      entry.reportedAtMs = Number.NEGATIVE_INFINITY;
    }
    entry.connection = connection;
    this.#disconnected.delete(entry);
    entry.followedRevision = entry.revision;
    return entry;
  }

  /** The entry of a name of the last release. */
  named(name: string | undefined): ReaderEntry | undefined {
    return name === undefined ? undefined : this.#byName.get(name);
  }

  /** All changes up to `n` are those of the source up to `position`. */
  mark(n: number, position: FeedPosition): void {
    const last = this.#marks.at(-1);
    // A heartbeat moves the position of the source but not `n`. Of positions with the same `n` the newest is kept.
    if (last?.n === n) this.#marks.pop();
    this.#marks.push({ n, position });
    if (this.#marks.length > maxMarks) this.#marks.shift();
  }

  /**
   * A new snapshot of the source was read. The changes numbered so far may be of a history that the source has lost, so
   * they correspond to no position of the present one.
   */
  snapshotRead(): void {
    this.#marks = [];
  }

  /** This sidecar itself, and the replicas behind it. */
  *progress(position: { readonly cursor: string } | undefined): Iterable<ReplicaProgress> {
    // A replica that is no longer remembered may still use look-ups.
    const hasLookUp = this.#clock.monotonicMs() - this.#lookUpSeenAtMs <= failOpenMemoryMs;
    yield {
      id: this.id,
      label: this.#label,
      cursor: position?.cursor,
      failOpen: false,
      maxStalenessMs: this.#maxStalenessMs,
      isServer: true,
      hasLookUp,
      issuers: this.#trustedIssuers(),
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
    if (nowMs <= this.#droppedUntilMs) yield droppedReplica;
    for (const entry of this.#entries.values()) {
      const lacksStream = entry.name !== undefined && entry.connection === undefined;
      for (const [id, replica] of entry.replicas) {
        if (nowMs > entry.countsUntilMs(replica, nowMs)) {
          this.#drop(entry, id);
          // Otherwise its reader would not learn that it no longer counts.
          entry.connection?.expired();
          continue;
        }
        const { n, label, failOpen, maxStalenessMs, isServer, hasLookUp } = replica;
        // Those of the others are in the union that this sidecar states of itself.
        const issuers = isServer ? replica.issuers : undefined;
        const cursor = n === undefined || lacksStream ? undefined : this.#sourceCursor(n);
        yield { id, label, cursor, failOpen, maxStalenessMs, isServer, hasLookUp, issuers };
      }
      this.#forgetEmpty(entry);
    }
  }

  /** Milliseconds since the last report of each replica, by its id. A relay reports for the replicas behind it. */
  silences(): ReadonlyMap<string, number> {
    const nowMs = this.#clock.monotonicMs();
    const entries = [...this.#entries.values()];
    return new Map(
      entries.flatMap(({ replicas, reportedAtMs }) =>
        [...replicas.keys()].map((id) => [id, Math.max(0, nowMs - reportedAtMs)] as const),
      ),
    );
  }

  /** Number of the change that the slowest replica with a connection has applied; undefined while none has reported one. */
  slowest(): number | undefined {
    let slowest: number | undefined;
    for (const { connection, replicas } of this.#entries.values()) {
      if (connection === undefined) continue;
      for (const { n } of replicas.values()) if (n !== undefined && (slowest === undefined || n < slowest)) slowest = n;
    }
    return slowest;
  }

  #newEntry(relay: boolean, name?: string): ReaderEntry {
    const draw = (bytes: number) => randomBytes(bytes).toString('hex');
    return new ReaderEntry({ identity: draw(8), secret: draw(16), relay, name, nowMs: this.#clock.monotonicMs() });
  }

  #newEntryOf(name: string): ReaderEntry {
    const entry = this.#newEntry(true, name);
    this.#byName.set(name, entry);
    this.#entries.set(entry.identity, entry);
    return entry;
  }

  /** @returns false when there is no room for another replica. */
  #hold(entry: ReaderEntry, id: string, replica: HeldReplica): boolean {
    const held = entry.replicas.get(id);
    if (held === undefined) {
      if (!this.#budget.spend()) return false;
      if (this.#replicaCount >= mostReplicas && !this.#makeRoom(entry)) return false;
      this.#replicaCount += 1;
    }
    if (replica.hasLookUp !== false) this.#lookUpSeenAtMs = this.#clock.monotonicMs();
    if (held === undefined || held.untilMs !== undefined || isWeakerThan(held, replica)) {
      this.#revision += 1;
      entry.revision = this.#revision;
    }
    const { label = held?.label, n = held?.n, issuers = held?.issuers } = replica;
    if (held === undefined || issuers !== held.issuers) this.#issuers = undefined;
    entry.replicas.set(id, { ...replica, label, n, issuers });
    return true;
  }

  #drop(entry: ReaderEntry, id: string): void {
    if (!entry.replicas.delete(id)) return;
    this.#replicaCount -= 1;
    this.#issuers = undefined;
  }

  #forgetEmpty(entry: ReaderEntry): void {
    if (entry.connection === undefined && entry.replicas.size === 0) this.#forget(entry);
  }

  #forget(entry: ReaderEntry): void {
    for (const id of entry.replicas.keys()) this.#drop(entry, id);
    this.#entries.delete(entry.identity);
    this.#disconnected.delete(entry);
    this.#bySecret.delete(entry.secret);
    if (entry.name !== undefined) this.#byName.delete(entry.name);
  }

  /**
   * Of the readers without a connection, except `entry`, drops the one that has been without it for longest.
   *
   * @returns false when there is none.
   */
  #makeRoom(entry: ReaderEntry): boolean {
    const oldest = this.#longestWithoutConnection(entry);
    if (oldest === undefined) return false;
    const nowMs = this.#clock.monotonicMs();
    for (const replica of oldest.replicas.values()) {
      this.#droppedUntilMs = Math.max(this.#droppedUntilMs, oldest.countsUntilMs(replica, nowMs));
    }
    this.#forget(oldest);
    return true;
  }

  #longestWithoutConnection(except: ReaderEntry): ReaderEntry | undefined {
    const isCandidate = (entry: ReaderEntry) => entry !== except && entry.replicas.size > 0;
    for (const entry of this.#disconnected) if (isCandidate(entry)) return entry;
    // Those that have never had one.
    for (const entry of this.#byName.values()) if (entry.connection === undefined && isCandidate(entry)) return entry;
    return undefined;
  }

  /** Replicas that reports of the last release name, and that no open stream belongs to; without those of one entry. */
  #countNamedOnly(except: ReaderEntry | undefined): number {
    let count = 0;
    for (const entry of this.#byName.values()) {
      if (entry.connection === undefined && entry !== except) count += entry.replicas.size;
    }
    return count;
  }

  #trustedIssuers(): TrustedIssuers {
    if (this.#clock.monotonicMs() <= this.#droppedUntilMs) return anyIssuer;
    this.#issuers ??= unionOfIssuers(
      Array.from(this.#entries.values(), ({ replicas }) => issuersOf(replicas.values())),
    );
    return this.#issuers;
  }

  #tellProgress(): void {
    for (const listener of this.#progressListeners) listener();
  }

  #sourceCursor(n: number): string | undefined {
    for (let index = this.#marks.length - 1; index >= 0; index--) {
      const mark = this.#marks[index];
      if (mark !== undefined && mark.n <= n) return mark.position.cursor;
    }
    return undefined;
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
