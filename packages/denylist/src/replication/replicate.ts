import type { Clock, Random } from '../clock.ts';
import {
  type Feed,
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedGap,
  type FeedPosition,
} from '../log/feed.ts';
import type { Reader } from '../log/reader.ts';
import { endOfRestart, restartDigest, restartInForce } from '../rules/log-restart.ts';
import type { Denylist } from '../table/denylist.ts';
import { Backoff } from './backoff.ts';
import type { Freshness } from './freshness.ts';
import type { LogClock } from './log-clock.ts';
import { LossRecovery } from './loss-recovery.ts';
import type { ReplicationObserver } from './observer.ts';
import { type HeldRule, type Reseed, SnapshotContents } from './reseed.ts';

/** The newest log format this code understands; a log whose `minReader` is higher keeps it stale. */
export const readerVersion = 1;

export interface ReplicateOptions {
  readonly feed: Feed;
  readonly denylist: Denylist;
  readonly freshness: Freshness;
  readonly logClock: LogClock;
  readonly clock: Clock;
  readonly random: Random;
  /** Given by whoever can write the log (a sidecar); without it nothing is given back after a loss. */
  readonly reseed?: Reseed;
  readonly observer?: ReplicationObserver;
  /** Whom this replication speaks for. */
  readonly reader: Reader;
  readonly signal: AbortSignal;
}

/**
 * Keeps a denylist equal to a feed until `signal` aborts. The same loop runs in sidecars, relays and API processes:
 *
 * note the head → page the snapshot → note the head again → unite → tail from the first head. Complete when the tail
 * has passed the second head. An entry whose `prev` is not our head is a hole: count it, go stale, start over.
 *
 * Never throws: whatever fails, it tries again after a jittered pause. What is held stays held.
 */
export async function replicate(options: ReplicateOptions): Promise<void> {
  const { feed, clock, random, observer, signal } = options;
  const backoff = new Backoff({ firstMs: 100, maxMs: 2000, random });
  const replication = new Replication(options);
  while (!signal.aborted) {
    let connection: FeedConnection | undefined;
    try {
      connection = await feed.connect(signal, options.reader);
      // Told to stop while it was dialling: nobody would end this connection's tail any more.
      if (signal.aborted) return;
      await replication.follow(connection, () => backoff.succeeded());
    } catch (error) {
      if (error instanceof FeedGap) replication.startOver(error);
      else if (!signal.aborted) observer?.connectionFailed?.(error);
    } finally {
      connection?.close();
    }
    replication.disconnected();
    await clock.sleep(backoff.nextMs(), signal);
  }
}

class Replication {
  readonly #options: ReplicateOptions;
  /** Where the tail reads on; undefined when a snapshot is needed. */
  #position: FeedPosition | undefined;
  /** The head noted after the snapshot, while the tail has not passed it. */
  #secondHead: string | undefined;
  #epoch: string | undefined;
  #contents: SnapshotContents | undefined;
  /** Was fresh when the loss was noticed: it holds what the log has forgotten. */
  #survivor = false;
  readonly #witness = new LossRecovery();
  #reseeded = false;
  #stopReseed = new AbortController();

  constructor(options: ReplicateOptions) {
    this.#options = options;
  }

  async follow(connection: FeedConnection, onProgress: () => void): Promise<void> {
    const { denylist, freshness, observer } = this.#options;
    if (this.#hasRoomAgain()) this.#position = undefined;
    const position = this.#position ?? (await this.#takeSnapshot(connection));
    for await (const batch of connection.tail(position)) {
      for (const entry of batch.entries) this.#take(entry, connection);
      // Taken back only by a snapshot that fitted.
      if (denylist.full) freshness.markFull(true);
      this.#believe(batch);
      if (this.#position !== undefined) {
        observer?.positionReached?.(this.#position);
        connection.acknowledge?.(this.#position);
      }
      onProgress();
      if (this.#hasRoomAgain()) return;
    }
  }

  /** A cap that was reached left rules out: only a snapshot with room to spare can make the list whole again. */
  #hasRoomAgain(): boolean {
    const { denylist } = this.#options;
    return denylist.full && denylist.size < denylist.maxRules * 0.9;
  }

  /** The history has a hole: nothing is unlearnt, everything is asked for again. */
  startOver({ gap }: FeedGap): void {
    const { freshness, observer } = this.#options;
    // Asked before it is marked: a replica that is fresh at this moment holds all that was acknowledged.
    const fresh = freshness.isFresh();
    this.#survivor = fresh || (this.#survivor && !freshness.isComplete);
    this.#witness.noticed(fresh && this.#restart() === undefined, !freshness.isComplete);
    this.#position = undefined;
    this.#secondHead = undefined;
    // Of another sidecar, or another life of ours, no history is missed: what is held stays complete up to its proof,
    // and that runs out by itself. So a short restart makes nobody stale.
    if (gap !== 'position_lost') freshness.markIncomplete();
    observer?.gapFound?.(gap);
  }

  /** A connection lost before the tail passed the second head: what was seen may never have been in the history. */
  disconnected(): void {
    if (this.#secondHead === undefined) return;
    this.#position = undefined;
    this.#secondHead = undefined;
  }

  async #takeSnapshot(connection: FeedConnection): Promise<FeedPosition> {
    const { denylist, freshness, logClock, observer, reseed } = this.#options;
    const first = await connection.position();
    refuseNewerFormat(first);
    this.#witness.reads(first.epoch);
    denylist.expectRoom(first.rules);
    // Who holds nothing has nothing to give back, and needs no second table to find that out.
    this.#contents = reseed === undefined || denylist.size === 0 ? undefined : new SnapshotContents();
    let rules = 0;
    for await (const rows of connection.snapshot()) {
      const { revived } = denylist;
      denylist.mergeRows(rows, connection.lifts);
      // This feed lags behind the one that proved us fresh: only its own proof can vouch for what is held now.
      if (denylist.revived > revived) freshness.markIncomplete();
      this.#contents?.add(rows);
      rules += rows.byteLength / 32;
    }
    const second = await connection.position();
    refuseNewerFormat(second);
    if (second.epoch !== first.epoch) throw new FeedGap('epoch', 'the log was replaced while its snapshot was read');
    if (second.logTime !== undefined) logClock.learn(second.logTime);
    if (this.#epoch !== undefined && this.#epoch !== second.epoch) observer?.epochChanged?.();
    this.#epoch = second.epoch;
    freshness.markHealing(second.healing);
    this.#position = first;
    this.#secondHead = second.head;
    // What is being given back answers an earlier loss; the difference from this snapshot is another one.
    this.#stopReseed.abort();
    this.#reseeded = false;
    observer?.connected?.(second);
    observer?.resynced?.(rules);
    if (first.head === second.head) this.#complete();
    return first;
  }

  #take(entry: FeedEntry, connection: FeedConnection): void {
    const { denylist, logClock, observer } = this.#options;
    const position = this.#position;
    if (position === undefined) throw new FeedGap('chain', 'an entry came before a position');
    if (entry.prev !== position.head) {
      throw new FeedGap('chain', `an entry follows ${entry.prev}, but ${position.head} is held`);
    }
    if (entry.change !== undefined) {
      const result = denylist.merge(entry.change, connection.lifts);
      const outcome =
        result !== 'changed' ? 'duplicate' : entry.change.loggedAtMs === undefined ? 'resynced' : 'applied';
      observer?.changeApplied?.(entry.change, outcome, logClock.nowMs());
    }
    this.#position = { ...position, head: entry.head, cursor: entry.cursor };
    if (entry.head === this.#secondHead) this.#complete();
  }

  #complete(): void {
    const { denylist, freshness } = this.#options;
    this.#secondHead = undefined;
    freshness.markFull(denylist.full);
    freshness.markComplete();
    void this.#giveBack();
  }

  /** Runs beside the tail, so that live changes do not wait for it. */
  async #giveBack(): Promise<void> {
    const { clock, denylist, logClock, observer, random, reseed, signal } = this.#options;
    const contents = this.#contents;
    const position = this.#position;
    if (reseed === undefined || position === undefined) return;
    // Taken now: while this is under way another snapshot may bring a later restart, which is not ours to end.
    const restart = this.#witness.holdsAll ? this.#restart() : undefined;
    if (contents === undefined && restart === undefined) {
      this.#reseeded = true;
      return;
    }
    this.#contents = undefined;
    this.#stopReseed = new AbortController();
    const stop = AbortSignal.any([signal, this.#stopReseed.signal]);
    const backoff = new Backoff({ firstMs: 1000, maxMs: 10_000, random });
    const { maxTokenLifetimeSeconds } = position;
    const turn = () => clock.sleep(0, stop);
    while (!stop.aborted) {
      try {
        const nowSeconds = logClock.agreedSeconds();
        const rules = (await contents?.lacking(denylist, { nowSeconds, maxTokenLifetimeSeconds, turn })) ?? [];
        if (stop.aborted) return;
        if (rules.length > 0) {
          // Every sidecar does this; whoever wakes first has done it for the others.
          await clock.sleep(random() * 1000, stop);
          if (stop.aborted) return;
          const appended = await reseed.append(rules, stop);
          if (appended > 0) observer?.reseeded?.(appended);
        }
        if (stop.aborted) return;
        // Last: whoever sees it ended must be able to see all that was forgotten.
        if (restart !== undefined) await reseed.append([restart], stop);
        this.#reseeded = true;
        return;
      } catch (error) {
        // Half given back is not given back. The tail may go on meanwhile: after a failover Redis refuses writes, and
        // only writes, until its replica is there.
        observer?.connectionFailed?.(error);
        await clock.sleep(backoff.nextMs(), stop);
      }
    }
  }

  /** What ends the restart that is in force, if one is. */
  #restart(): HeldRule | undefined {
    const { denylist, logClock } = this.#options;
    const { restart } = denylist;
    if (restart === undefined || restartInForce(restart, logClock.claimSeconds()) === undefined) return undefined;
    return { digest: restartDigest, rule: endOfRestart(restart) };
  }

  #believe(batch: FeedBatch): void {
    const { freshness, logClock, observer } = this.#options;
    if (batch.logTime !== undefined) logClock.learn(batch.logTime);
    if (batch.healing !== undefined) freshness.markHealing(batch.healing);
    const now = logClock.nowMs();
    if (batch.heartbeatLoggedAtMs !== undefined && now !== undefined) {
      observer?.heartbeatSeen?.(now - batch.heartbeatLoggedAtMs);
    }
    if (batch.provenAtMs === undefined || this.#secondHead !== undefined) return;
    // A healing log knows less than was acknowledged; only who holds the rest, and has given it back, may go on.
    if (batch.healing === true && !(this.#survivor && this.#reseeded)) return;
    const { provenAtMs, heartbeatLoggedAtMs } = batch;
    freshness.prove(heartbeatLoggedAtMs === undefined ? { provenAtMs } : { provenAtMs, heartbeatLoggedAtMs });
  }
}

function refuseNewerFormat({ minReader }: FeedPosition): void {
  if (minReader > readerVersion) {
    throw new FeedGap(
      'upgrade',
      `the log needs reader version ${minReader}, this is ${readerVersion}: upgrade this process`,
    );
  }
}
