import { rowWords } from '../codec/rows.ts';
import { refuseWrongLog } from '../log/expect-log.ts';
import {
  type Feed,
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedError,
  FeedGap,
  type FeedPosition,
} from '../log/feed.ts';
import type { Reader } from '../log/reader.ts';
import { agreementMs } from '../rules/agreed-now.ts';
import type { Change } from '../rules/event.ts';
import { Backoff } from './backoff.ts';
import type { Freshness } from './freshness.ts';
import type { RememberedEntry } from './log-memory.ts';
import { LossRecovery, type LossRecoveryOptions } from './loss-recovery.ts';
import type { AppliedResult } from './observer.ts';

/** The newest log format that this version reads. A log with a higher `minReader` keeps the replica cold or stale. */
export const readerVersion = 1;

export interface ReplicateOptions extends LossRecoveryOptions {
  readonly feed: Feed;
  readonly freshness: Freshness;
  /** The reader that reports the position. */
  readonly reader: Reader;
  /** The identity of the log to follow, 16 hex digits: proofs of another one do not count. Default: any log. */
  readonly expectLog?: string;
}

/**
 * Keeps a denylist equal to a feed until `signal` aborts. The same loop runs in sidecars, relays and API processes:
 *
 * read the position (first head) → merge the snapshot → read the position again (second head) → follow the tail from the
 * first head. The denylist is complete when the tail has passed the second head. An entry whose `prev` is not the head
 * of the entry before it reveals a gap: the replica is stale and the loop starts again.
 *
 * Never rejects: after any failure it tries again after a pause with jitter. The rules stay.
 */
export async function replicate(options: ReplicateOptions): Promise<void> {
  const { feed, clock, random, observer, reader, signal } = options;
  const backoff = new Backoff({ firstMs: 100, maxMs: 2000, random });
  const replication = new Replication(options);
  while (!signal.aborted) {
    let connection: FeedConnection | undefined;
    let pauseMs: number | undefined;
    try {
      connection = await feed.connect(signal, reader, options.denylist.maxRules);
      // Aborted while it was connecting: the tail of this connection would never end.
      if (signal.aborted) return;
      await replication.follow(connection, () => backoff.succeeded());
    } catch (error) {
      if (error instanceof FeedGap) replication.gapFound(error);
      else if (!signal.aborted) observer?.connectionFailed?.(error);
      if (error instanceof FeedError && error.retryWithinMs !== undefined) {
        // At most that long; the jitter keeps the processes of a host from retrying together.
        pauseMs = error.retryWithinMs * (0.5 + random() / 2);
      }
    } finally {
      connection?.close();
    }
    replication.disconnected();
    await clock.sleep(pauseMs ?? backoff.nextMs(), signal);
  }
}

interface AppliedChange {
  readonly change: Change;
  readonly result: AppliedResult;
  readonly appliedAtMs: number | undefined;
}

class Replication {
  readonly #options: ReplicateOptions;
  readonly #recovery: LossRecovery;
  /** Where the tail continues; undefined when a snapshot is needed. */
  #position: FeedPosition | undefined;
  /** The head after the snapshot, until the tail has passed it. */
  #secondHead: string | undefined;
  #epoch: string | undefined;
  /** Of the log that is followed, once known. */
  #identity: string | undefined;
  /** The last entry of the tail that changed a rule, since the last snapshot. */
  #lastRule: RememberedEntry | undefined;
  /** The changes of this batch that are not reported to the observer yet. */
  readonly #applied: AppliedChange[] = [];

  constructor(options: ReplicateOptions) {
    this.#options = options;
    this.#recovery = new LossRecovery(options);
  }

  async follow(connection: FeedConnection, onProgress: () => void): Promise<void> {
    const { denylist, freshness, observer } = this.#options;
    if (this.#hasRoomAgain()) this.#position = undefined;
    if (this.#position !== undefined && (await connection.continues?.(this.#position)) === false) {
      this.gapFound(new FeedGap('position_lost', 'the position is of another feed'));
    }
    const position = this.#position ?? (await this.#readSnapshot(connection));
    for await (const batch of connection.tail(position)) {
      try {
        for (const entry of batch.entries) this.#apply(entry, connection);
        // Here "full" can begin, but not end: it ends only with a complete snapshot that fits (#complete).
        if (denylist.full) freshness.markFull(true);
        this.#applyProof(batch);
        if (this.#position !== undefined) {
          observer?.positionReached?.(this.#position);
          connection.acknowledge?.(this.#position);
        }
      } finally {
        this.#reportApplied();
      }
      onProgress();
      if (this.#hasRoomAgain()) return;
    }
  }

  /**
   * A full denylist has left rules out, and only a new snapshot makes it complete again. It is read when more than a
   * tenth of the room is free.
   */
  #hasRoomAgain(): boolean {
    const { denylist } = this.#options;
    return denylist.full && denylist.size < denylist.maxRules * 0.9;
  }

  /** The tail cannot continue: the rules stay, and a new snapshot is read. */
  gapFound({ gap }: FeedGap): void {
    const { freshness, observer } = this.#options;
    this.#recovery.gapFound();
    this.#position = undefined;
    this.#secondHead = undefined;
    // `position_lost`: the sidecar restarted or is another one, and no entry of the log is missing. The rules are
    // complete up to the last proof, which expires by itself, so a short restart makes no replica stale.
    if (gap !== 'position_lost') freshness.markIncomplete();
    observer?.gapFound?.(gap);
  }

  /**
   * A snapshot may contain changes that a failover then removes from the log. Only a tail that reaches the second head
   * shows that the log still has them. When the connection is lost before that, a new snapshot is read.
   */
  disconnected(): void {
    if (this.#secondHead === undefined) return;
    this.#position = undefined;
    this.#secondHead = undefined;
  }

  async #readSnapshot(connection: FeedConnection): Promise<FeedPosition> {
    const { denylist, freshness, logClock, observer, reader } = this.#options;
    const first = await connection.position();
    refuseNewerFormat(first);
    this.#followsLog(first.identity);
    this.#recovery.snapshotBegins(first);
    denylist.expectRoom(first.rules);
    const isOtherLog = this.#epoch !== undefined && this.#epoch !== first.epoch;
    let rules = 0;
    for await (const rows of connection.snapshot()) {
      rules += rows.length / rowWords;
      this.#recovery.addRows(rows);
      const { revived } = denylist;
      denylist.mergeRows(rows, connection.lifts, isOtherLog ? 'take' : connection.lifts);
      // This feed is behind the one that gave the last proof: only a proof of this feed is valid for the present rules.
      if (denylist.revived > revived) freshness.markIncomplete();
    }
    const second = await connection.position();
    refuseNewerFormat(second);
    if (second.epoch !== first.epoch) throw new FeedGap('epoch', 'the log was replaced while its snapshot was read');
    if (second.logTime !== undefined) logClock.learn(second.logTime);
    if (this.#epoch !== undefined && this.#epoch !== second.epoch) observer?.epochChanged?.();
    this.#epoch = second.epoch;
    freshness.markHealing(second.healing);
    this.#lastRule = undefined;
    this.#position = first;
    this.#secondHead = second.head;
    this.#recovery.snapshotEnds();
    reader.snapshotRead?.();
    observer?.connected?.(second);
    observer?.resynced?.(rules);
    if (first.head === second.head) this.#complete(first);
    return first;
  }

  #apply({ prev, head, cursor, change, seq }: FeedEntry, { lifts }: FeedConnection): void {
    const { denylist } = this.#options;
    const position = this.#position;
    if (position === undefined) throw new FeedGap('chain', 'an entry arrived before a position was known');
    if (prev !== position.head) {
      throw new FeedGap('chain', `expected the entry after ${position.head}, found the entry after ${prev}`);
    }
    if (change !== undefined) {
      const merged = denylist.merge(change, lifts);
      const changed = change.loggedAtMs === undefined ? 'resynced' : 'applied';
      // A change for which there is no room is not applied. The replica is not fresh from here on.
      if (merged !== 'full') {
        const result = merged === 'changed' ? changed : 'duplicate';
        this.#applied.push({ change, result, appliedAtMs: this.#logTimeFor(change.loggedAtMs) });
      }
    }
    this.#position = { ...position, head, cursor };
    if (change !== undefined && seq !== undefined) this.#lastRule = { seq, cursor, head };
    if (head === this.#secondHead) this.#complete(position);
  }

  /** Only now: what observes changes takes longer than to pass them on, and a sidecar has readers that wait for them. */
  #reportApplied(): void {
    const { observer } = this.#options;
    for (const { change, result, appliedAtMs } of this.#applied) observer?.changeApplied?.(change, result, appliedAtMs);
    this.#applied.length = 0;
  }

  /**
   * The log's time now; undefined when it contradicts the time of an entry that arrives now. Everything logged before the last
   * proof has arrived before, so the entry is younger than the proof. If it seems older by more than a minute, or as much in
   * the future, the clock of the log was set since our last reading of it, and a latency would be wrong by as much. A smaller
   * contradiction is reported: it may be a change that came too late.
   */
  #logTimeFor(loggedAtMs: number | undefined): number | undefined {
    const { freshness, logClock, clock } = this.#options;
    const monotonicMs = clock.monotonicMs();
    const nowMs = logClock.nowMs(monotonicMs);
    if (nowMs === undefined || loggedAtMs === undefined) return nowMs;
    const ageMs = nowMs - loggedAtMs;
    const { provenAtMs } = freshness;
    const isTooOld = provenAtMs !== undefined && ageMs > monotonicMs - provenAtMs + agreementMs;
    return isTooOld || ageMs < -agreementMs ? undefined : nowMs;
  }

  #complete({ maxTokenLifetimeSeconds }: FeedPosition): void {
    const { denylist, freshness } = this.#options;
    this.#secondHead = undefined;
    freshness.markFull(denylist.full);
    freshness.markComplete();
    void this.#recovery.reseed(maxTokenLifetimeSeconds);
  }

  /** @throws FeedError `wrong_log` */
  #followsLog(identity: string | undefined): void {
    const { expectLog, memory, observer } = this.#options;
    if (identity === undefined) return;
    if (expectLog !== undefined) refuseWrongLog(expectLog, identity);
    if (identity === this.#identity) return;
    const before = this.#identity ?? memory?.latest?.identity;
    this.#identity = identity;
    observer?.logIdentified?.(identity, before === identity ? undefined : before);
  }

  #applyProof({ logTime, healing, provenAtMs, heartbeatLoggedAtMs, identity }: FeedBatch): void {
    const { expectLog, freshness, logClock, memory, observer } = this.#options;
    if (logTime !== undefined) logClock.learn(logTime);
    if (healing !== undefined) freshness.markHealing(healing);
    if (heartbeatLoggedAtMs !== undefined) {
      const nowMs = this.#logTimeFor(heartbeatLoggedAtMs);
      if (nowMs !== undefined) observer?.heartbeatSeen?.(nowMs - heartbeatLoggedAtMs);
    }
    this.#followsLog(identity);
    if (provenAtMs === undefined || this.#secondHead !== undefined) return;
    // A healing log may lack rules that it had acknowledged.
    if (healing === true && !this.#recovery.believesHeartbeats) return;
    if (!this.#recovery.knowsLog) return;
    if (expectLog !== undefined) refuseWrongLog(expectLog, this.#identity);
    freshness.prove({ provenAtMs, heartbeatLoggedAtMs });
    // Not in recovery: what follows a gap must not be taken for what preceded it.
    if (healing === false && this.#position !== undefined && freshness.isFresh()) {
      memory?.remember(this.#position, this.#lastRule);
    }
  }
}

function refuseNewerFormat({ minReader }: FeedPosition): void {
  if (minReader <= readerVersion) return;
  throw new FeedGap(
    'upgrade',
    `the log needs reader version ${minReader}, found ${readerVersion}: upgrade this process`,
  );
}
