import { type Clock, readClock } from '../clock.ts';
import { readRule, rowBytes, viewOf } from '../codec/rows.ts';
import { defaultMaxTokenLifetimeSeconds, forgettableAt } from '../rules/rule.ts';
import { randomHex } from '../system-clock.ts';
import { clockArguments, logRetentionMs } from './append.ts';
import { readArray, readNumber, readText } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { slicesOf } from './connection/slices.ts';
import { keys } from './keys.ts';
import { packRows, readPage, requestPage } from './rules-page.ts';
import { heartbeatScript, releaseScript } from './scripts/lease.ts';
import { pruneScript } from './scripts/prune.ts';

/** Twice a second. The lease survives three missed beats, and ends well before a proof becomes too old. */
const beatMs = 500;
const leaseMs = 2000;
/** Rules that one prune looks at. */
const pruneSlice = 500;

interface HeartbeatOptions {
  readonly session: RedisSession;
  readonly clock: Clock;
  /** Identifies this process in the lease. */
  readonly holder: string;
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Tries to take the lease twice a second. While it has the lease, it writes heartbeats and, once a second, prunes a slice
 * of the rules. Two holders at the same time do no harm: the script dates each heartbeat, and each one is a proof.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #running: Promise<void>;
  #hasLease = false;
  #pruneCursor = '0';
  #pruning: Promise<void> | undefined;
  #isStopped = false;
  /** Ends the present pause. It is new for each beat: a signal derived for each pause would never be released. */
  #urgent = new AbortController();

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /**
   * Writes one heartbeat at once, with or without the lease: for a reader that is complete and needs only a proof. An
   * arrow function, so that it can be passed on alone.
   */
  readonly beatNow = (): void => this.#urgent.abort();

  /** Stops, and deletes the lease, so that another process writes heartbeats within half a second. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#urgent.abort();
    await this.#running;
    const { session, holder, onFailure } = this.#options;
    try {
      await session.current?.run(releaseScript, [keys.lease], [holder]);
    } catch (error) {
      onFailure?.(error); // the lease ends by itself
    }
  }

  async #run(): Promise<void> {
    const { clock, onFailure } = this.#options;
    for (let count = 0; !this.#isStopped; count++) {
      const fromMs = clock.monotonicMs();
      try {
        const nowSeconds = await this.#beat();
        // Not awaited: when Redis answers late, the next heartbeat must not wait for it.
        if (this.#hasLease && count % 2 === 0) void this.#pruneAside(nowSeconds);
      } catch (error) {
        this.#hasLease = false;
        onFailure?.(error);
      }
      await clock.sleep(Math.max(0, beatMs - (clock.monotonicMs() - fromMs)), this.#urgent.signal);
    }
    await this.#pruning;
  }

  /** One prune at a time. */
  async #pruneAside(nowSeconds: number): Promise<void> {
    const { onFailure } = this.#options;
    this.#pruning ??= this.#prune(nowSeconds)
      .catch((error: unknown) => onFailure?.(error))
      .finally(() => {
        this.#pruning = undefined;
      });
    await this.#pruning;
  }

  /** @returns the seconds of Redis. */
  async #beat(): Promise<number> {
    const { session, holder, clock } = this.#options;
    const withoutLease = this.#urgent.signal.aborted ? 1 : 0;
    this.#urgent = new AbortController();
    const redis = await session.get();
    const opening = [randomHex(8), defaultMaxTokenLifetimeSeconds, logRetentionMs];
    const args = [...opening, holder, leaseMs, withoutLease, ...clockArguments(readClock(clock))];
    const touched = [keys.lease, keys.log, keys.meta, keys.rules];
    const reply = readArray(await redis.run(heartbeatScript, touched, args), 'heartbeat');
    this.#hasLease = readText(reply[0], 'heartbeat') === 'written';
    return Math.floor(readNumber(reply[1], 'heartbeat time') / 1000);
  }

  /** Finds candidates only: the script checks each one again, by its own clock. */
  async #prune(nowSeconds: number): Promise<void> {
    const redis = await this.#options.session.get();
    const { cursor, pairs } = readPage(await requestPage(redis, this.#pruneCursor, pruneSlice));
    this.#pruneCursor = cursor;
    const rows = packRows(pairs);
    const view = viewOf(rows);
    const ended: Uint8Array[] = [];
    for (let at = 0; at < rows.byteLength; at += rowBytes) {
      if (forgettableAt(readRule(view, at + 16), 0) <= nowSeconds) ended.push(rows.subarray(at, at + 16));
    }
    for (const slice of slicesOf(ended)) await redis.run(pruneScript, [keys.rules, keys.meta], slice);
  }
}
