import type { Clock, Random } from '../clock.ts';
import type { FeedPosition } from '../log/feed.ts';
import type { LostRule } from '../log/revocation-log.ts';
import { restartInForce } from '../rules/log-restart.ts';
import type { Denylist } from '../table/denylist.ts';
import { Backoff } from './backoff.ts';
import type { Freshness } from './freshness.ts';
import type { LogClock } from './log-clock.ts';
import type { LogMemory, RememberedLog } from './log-memory.ts';
import type { ReplicationObserver } from './observer.ts';
import { type RecallAct, type Reseed, SnapshotContents } from './reseed.ts';

/** Between two questions whether another sidecar has written everything back. */
const askMs = 1000;
const asksBeforeMark = 5;
/** The log states its times in whole milliseconds. */
const roundingMs = 1;

export interface LossRecoveryOptions {
  readonly denylist: Denylist;
  readonly freshness: Pick<Freshness, 'isComplete' | 'isFresh' | 'provenAtMs' | 'freshUntilMs'>;
  readonly logClock: LogClock;
  readonly clock: Clock;
  readonly random: Random;
  /** Set in a process that can write the log (a sidecar). Without it nothing is re-seeded after a loss. */
  readonly reseed?: Reseed;
  /** What this process remembers of the log; a sidecar reads it from its state file. Default nothing. */
  readonly memory?: LogMemory;
  readonly observer?: ReplicationObserver;
  readonly signal: AbortSignal;
}

/**
 * Re-seeds what the log has lost, and decides what this replica may then do: believe the heartbeats of a log in
 * recovery, and end the restart of a log. Both need more than to be fresh now: a replica that became fresh after the loss
 * holds no more than the new log.
 */
export class LossRecovery {
  readonly #options: LossRecoveryOptions;
  #wasFreshAtLoss = false;
  /** Monotonic time of the last proof before the loss, and when it expires. */
  #provenAtMs: number | undefined;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  /** This replica holds everything that the lost log had acknowledged, so it may end the restart of the new one. */
  #holdsAll = false;
  /** Epoch of the log that was followed before the loss. */
  #predecessor: string | undefined;
  /** Epoch of the log of the last snapshot. */
  #epoch: string | undefined;
  /** Epoch of the log after the loss; undefined until one was read. */
  #successor: string | undefined;
  #contents: SnapshotContents | undefined;
  #hasReseeded = false;
  /** Of the log that is followed now; its last rule entry is compared with the log. */
  #remembered: RememberedLog | undefined;
  /** This replica holds rules of a log with another identity. */
  #isMixed = false;
  /** Identity of the log of the last snapshot. What is remembered begins later, when this replica is fresh. */
  #identity: string | undefined;
  /** Likewise, undefined while that log has none: another connection may lead to another log by the time of the re-seed. */
  #snapshotIdentity: string | undefined;
  #stop = new AbortController();

  constructor(options: LossRecoveryOptions) {
    this.#options = options;
  }

  /** To be called before the replica is marked incomplete. */
  gapFound(): void {
    const { freshness } = this.#options;
    // A second gap before the recovery from the first changes nothing: the first one decided.
    if (!freshness.isComplete) return;
    this.#wasFreshAtLoss = freshness.isFresh();
    this.#provenAtMs = freshness.provenAtMs;
    this.#freshUntilMs = freshness.freshUntilMs;
    this.#holdsAll = this.#wasFreshAtLoss && this.#restartInForce() === undefined;
    this.#predecessor = this.#epoch;
    this.#successor = undefined;
  }

  snapshotBegins(position: Pick<FeedPosition, 'epoch' | 'identity' | 'bornAtMs' | 'logTime'>): void {
    const { epoch, identity } = position;
    const { clock, denylist, memory, reseed } = this.#options;
    const { latest } = memory ?? {};
    this.#remembered =
      latest?.epoch === epoch && latest.rule !== undefined && reseed?.recall !== undefined ? latest : undefined;
    const before = this.#identity ?? latest?.identity;
    if (identity !== undefined && before !== undefined && identity !== before) this.#isMixed = true;
    this.#identity = identity ?? this.#identity;
    this.#snapshotIdentity = identity;
    if (this.#successor === undefined && clock.monotonicMs() > this.#freshUntilMs) {
      // After a failover this replica could not read for so long that the log may have acknowledged more meanwhile, and
      // then have been lost itself.
      this.#wasFreshAtLoss = false;
      this.#holdsAll = false;
    }
    if (epoch !== this.#predecessor && this.#wasBornBeforeProof(position)) {
      // A name that moved: what this log has lost, this replica has never read.
      this.#wasFreshAtLoss = false;
      this.#holdsAll = false;
    }
    // Another log followed the successor, and was lost in turn: this replica has not seen all of it.
    if (this.#successor !== undefined && this.#successor !== epoch) this.#holdsAll = false;
    this.#successor = epoch;
    this.#epoch = epoch;
    // An empty denylist lacks nothing.
    this.#contents = reseed === undefined || this.#isMixed || denylist.size === 0 ? undefined : new SnapshotContents();
  }

  /** Whether a log existed while the one that was followed until now still did: then it does not succeed that one. */
  #wasBornBeforeProof({ bornAtMs, logTime }: Pick<FeedPosition, 'bornAtMs' | 'logTime'>): boolean {
    if (bornAtMs === undefined || logTime === undefined || this.#provenAtMs === undefined) return false;
    const { logMs, monotonicMs, roundTripMs } = logTime;
    // The log read its clock before the answer arrived, so it is not younger than this.
    const latestMs = monotonicMs + roundTripMs / 2 - (logMs - bornAtMs) + roundingMs;
    return latestMs < this.#provenAtMs;
  }

  addRows(rows: Uint32Array): void {
    this.#contents?.add(rows);
  }

  /** A re-seed that is running belongs to an earlier loss. */
  snapshotEnds(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#hasReseeded = false;
  }

  /** Whether a heartbeat proves something although the log is healing. */
  get believesHeartbeats(): boolean {
    return this.#wasFreshAtLoss && this.#hasReseeded;
  }

  /** Whether a proof counts: not before it is known that the log has what this process remembers, or is marked. */
  get knowsLog(): boolean {
    return this.#remembered === undefined;
  }

  /** Appends what the last snapshot lacked, while the tail goes on. Retries until the next snapshot. Never rejects. */
  async reseed(maxTokenLifetimeSeconds: number): Promise<void> {
    const { clock, observer, random, reseed, signal } = this.#options;
    if (reseed === undefined) return;
    // Read before the first await: a later snapshot may contain a later restart, which this re-seed must not end.
    const holdsAll = this.#holdsAll && !this.#isMixed;
    const coverage = this.#isMixed || !this.#wasFreshAtLoss ? 'ask' : holdsAll ? 'cover_all' : 'cover';
    // In the same log it says that a backup was restored, perhaps before this replica read it: only `recall` can tell.
    const isNewLog = this.#epoch !== this.#predecessor;
    const restart = holdsAll && isNewLog ? this.#restartInForce() : undefined;
    const contents = this.#contents;
    this.#contents = undefined;
    const identity = this.#snapshotIdentity;
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    const backoff = new Backoff({ firstMs: 1000, maxMs: 10_000, random });
    while (!stop.aborted) {
      try {
        const rules = contents === undefined ? [] : await this.#lostRules(contents, maxTokenLifetimeSeconds, stop);
        if (rules.length > 0) {
          // Every sidecar does this; the first one leaves nothing to append for the others.
          await clock.sleep(random() * 1000, stop);
          if (stop.aborted) return;
          const appended = await reseed.append(rules, stop, identity);
          if (appended > 0) observer?.reseeded?.(appended);
        }
        // Last: a replica for which the restart has ended must be able to see everything that was lost.
        if (restart !== undefined && !stop.aborted) await reseed.endRestart?.(restart);
        if (this.#remembered !== undefined && !stop.aborted) await this.#recall(this.#remembered, coverage, stop);
        if (stop.aborted) return;
        this.#hasReseeded = true;
        return;
      } catch (error) {
        // The tail may go on meanwhile: after a failover Redis refuses writes, and only writes, until it has a replica.
        observer?.connectionFailed?.(error);
        await clock.sleep(backoff.nextMs(), stop);
      }
    }
  }

  /** A loss that another sidecar can repair is not marked as one, so it has some seconds for that. */
  async #recall(remembered: RememberedLog, coverage: RecallAct, stop: AbortSignal): Promise<void> {
    const { clock, memory, observer, reseed } = this.#options;
    let outcome = await reseed?.recall?.(remembered, coverage);
    for (let asked = 1; outcome === 'lost' && asked < asksBeforeMark && !stop.aborted; asked += 1) {
      await clock.sleep(askMs, stop);
      outcome = await reseed?.recall?.(remembered, 'ask');
    }
    if (outcome === 'lost' && !stop.aborted) {
      await reseed?.recall?.(remembered, 'flag');
      observer?.lossProven?.();
    }
    if (stop.aborted) return;
    if (outcome !== 'continues') memory?.forgetRule();
    this.#remembered = undefined;
  }

  #lostRules(contents: SnapshotContents, maxTokenLifetimeSeconds: number, stop: AbortSignal): Promise<LostRule[]> {
    const { clock, denylist, logClock } = this.#options;
    const turn = () => clock.sleep(0, stop);
    return contents.lacking(denylist, { nowSeconds: logClock.agreedSeconds(), maxTokenLifetimeSeconds, turn });
  }

  /** The stamp of the restart in force, if there is one. */
  #restartInForce(): number | undefined {
    const { denylist, logClock } = this.#options;
    return restartInForce(denylist.restart, logClock.claimSeconds());
  }
}
