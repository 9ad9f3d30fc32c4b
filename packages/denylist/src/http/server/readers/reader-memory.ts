import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../clock.ts';
import { issuersOf, isWeakerThan, mostReplicas } from '../../../log/reader.ts';
import { JoinBudget } from '../../../replication/join-budget.ts';
import { anyIssuer, type TrustedIssuers, unionOfIssuers } from '../../../rules/trusted-issuers.ts';
import { failOpenMemoryMs, type HeldReplica, type ReaderConnection, ReaderEntry } from './reader-entry.ts';

/**
 * The entries of all readers, with and without a connection. At most {@link mostReplicas} replicas are remembered: beyond
 * that, the reader that has been without a connection for longest is dropped.
 */
export class ReaderMemory {
  readonly #clock: Clock;
  readonly #budget: JoinBudget;
  readonly #entries = new Map<string, ReaderEntry>();
  /** Those without a connection, the one that has been without it for longest first. */
  readonly #disconnected = new Set<ReaderEntry>();
  readonly #bySecret = new Map<string, ReaderEntry>();
  /** Readers of the last release, by the names they choose. */
  readonly #byName = new Map<string, ReaderEntry>();
  #replicaCount = 0;
  #revision = 0;
  /** Monotonic milliseconds up to which a dropped replica may accept. */
  #droppedUntilMs = Number.NEGATIVE_INFINITY;
  /** Monotonic milliseconds of the last report of a replica with a look-up. */
  #lookUpSeenAtMs = Number.NEGATIVE_INFINITY;
  /** Those of all replicas; undefined once a replica has joined, changed or gone since. */
  #issuers: TrustedIssuers | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#budget = new JoinBudget(clock);
  }

  /** Grows with every replica that joins, or may now accept more or longer. */
  get revision(): number {
    return this.#revision;
  }

  entries(): IterableIterator<ReaderEntry> {
    return this.#entries.values();
  }

  withSecret(secret: string | undefined): ReaderEntry | undefined {
    return secret === undefined ? undefined : this.#bySecret.get(secret);
  }

  named(name: string | undefined): ReaderEntry | undefined {
    return name === undefined ? undefined : this.#byName.get(name);
  }

  /** A new entry, which is not remembered yet. */
  newEntry(relay: boolean, name?: string): ReaderEntry {
    const draw = (bytes: number) => randomBytes(bytes).toString('hex');
    return new ReaderEntry({ identity: draw(8), secret: draw(16), relay, name, nowMs: this.#clock.monotonicMs() });
  }

  add(entry: ReaderEntry): void {
    this.#entries.set(entry.identity, entry);
    if (entry.name === undefined) this.#bySecret.set(entry.secret, entry);
    else this.#byName.set(entry.name, entry);
  }

  connect(entry: ReaderEntry, connection: ReaderConnection): void {
    entry.connection = connection;
    this.#disconnected.delete(entry);
  }

  disconnect(entry: ReaderEntry): void {
    entry.connection = undefined;
    entry.disconnectedAtMs = this.#clock.monotonicMs();
    this.#disconnected.add(entry);
    this.forgetIfEmpty(entry);
  }

  /** @returns false when there is no room for another replica. */
  hold(entry: ReaderEntry, id: string, replica: HeldReplica): boolean {
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

  drop(entry: ReaderEntry, id: string): void {
    if (!entry.replicas.delete(id)) return;
    this.#replicaCount -= 1;
    this.#issuers = undefined;
  }

  forgetIfEmpty(entry: ReaderEntry): void {
    if (entry.connection === undefined && entry.replicas.size === 0) this.forget(entry);
  }

  forget(entry: ReaderEntry): void {
    for (const id of entry.replicas.keys()) this.drop(entry, id);
    this.#entries.delete(entry.identity);
    this.#disconnected.delete(entry);
    this.#bySecret.delete(entry.secret);
    if (entry.name !== undefined) this.#byName.delete(entry.name);
  }

  /** Whether a replica that was dropped for lack of room may still accept. */
  mayHaveDropped(nowMs: number): boolean {
    return nowMs <= this.#droppedUntilMs;
  }

  /** Whether a replica with a look-up was seen lately. One that is no longer remembered may still use look-ups. */
  mayUseLookUps(nowMs: number): boolean {
    return nowMs - this.#lookUpSeenAtMs <= failOpenMemoryMs;
  }

  /** The issuers that all replicas trust, those that were dropped included. */
  trustedIssuers(nowMs: number): TrustedIssuers {
    if (this.mayHaveDropped(nowMs)) return anyIssuer;
    this.#issuers ??= unionOfIssuers(
      Array.from(this.#entries.values(), ({ replicas }) => issuersOf(replicas.values())),
    );
    return this.#issuers;
  }

  /** Replicas that reports of the last release name, and that no open stream belongs to; without those of one entry. */
  countNamedOnly(except: ReaderEntry | undefined): number {
    let count = 0;
    for (const entry of this.#byName.values()) {
      if (entry.connection === undefined && entry !== except) count += entry.replicas.size;
    }
    return count;
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
    this.forget(oldest);
    return true;
  }

  #longestWithoutConnection(except: ReaderEntry): ReaderEntry | undefined {
    const isCandidate = (entry: ReaderEntry) => entry !== except && entry.replicas.size > 0;
    for (const entry of this.#disconnected) if (isCandidate(entry)) return entry;
    // Those that have never had one.
    for (const entry of this.#byName.values()) if (entry.connection === undefined && isCandidate(entry)) return entry;
    return undefined;
  }
}
