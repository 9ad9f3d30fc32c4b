import { type Clock, pauseTogether, readClock } from '../clock.ts';
import { readRule, rowBytes, viewOf } from '../codec/rows.ts';
import type { LogMemory, RememberedLog } from '../replication/log-memory.ts';
import { agreedNow } from '../rules/agreed-now.ts';
import { defaultMaxTokenLifetimeSeconds, forgettableAt } from '../rules/rule.ts';
import { randomHex } from '../system-clock.ts';
import { clockArguments, logRetentionMs } from './append.ts';
import { readArray, readNumber, readText } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { slicesOf } from './connection/slices.ts';
import { keys } from './keys.ts';
import { readPage, requestPage } from './rules-page.ts';
import { parseStoredClock } from './scripts/clocks.ts';
import { heartbeatScript, releaseScript } from './scripts/lease.ts';
import { pruneScript } from './scripts/prune.ts';

/** Twice a second. The lease survives three missed beats, and ends well before a proof becomes too old. */
const beatMs = 500;
const leaseMs = 2000;
/** A beat that takes longer counts as answered late. */
const quickMs = 100;
/** Rules that one prune looks at. */
const pruneSlice = 500;
const pruneEveryBeats = 2;
const relievedPruneEveryBeats = 20;
/** Between the starts of two sweeps over all rules, after one that found nothing: what has ended may wait, because it denies nothing. */
const restMs = 5000;

interface Beat {
  readonly hasLease: boolean;
  /** The time that the clocks of Redis, of this process and of the lease holder agree on. */
  readonly agreedMs: number | undefined;
  /** The clock of the lease holder disagrees with that of Redis, so it does not prune. */
  readonly holderDisagrees: boolean;
}

interface HeartbeatOptions {
  readonly session: RedisSession;
  readonly clock: Clock;
  /** Identifies this process in the lease. */
  readonly holder: string;
  /** What this process remembers of the log, to recognise it after a gap. */
  readonly memory?: Pick<LogMemory, 'latest' | 'named'>;
  /** The identity that a log without one is given; default the one in `memory`. */
  readonly expectLog?: string;
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Tries to take the lease twice a second. While it has the lease, it writes heartbeats and, once a second at most, prunes a
 * slice of the rules, if its clock and that of Redis agree. If they do not, any process whose clocks agree prunes. Two holders at
 * the same time do no harm: the script dates each heartbeat, and each one is a proof.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #running: Promise<void>;
  #pruneCursor = '0';
  /** Monotonic time before which no sweep begins. */
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  /** The present sweep has found a rule that has ended. */
  #hasFound = false;
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
        const beat = await this.#beat();
        // Without the lease only in place of a holder that does not prune, and seldom: there may be a hundred such processes.
        const everyBeats = beat.hasLease ? pruneEveryBeats : relievedPruneEveryBeats;
        const isResting = this.#pruneCursor === '0' && fromMs < this.#restsUntilMs;
        const isDue = count % everyBeats === 0 && (beat.hasLease || beat.holderDisagrees) && !isResting;
        // Not awaited: when Redis answers late, the next heartbeat must not wait for it.
        if (isDue && beat.agreedMs !== undefined) void this.#pruneAside(Math.floor(beat.agreedMs / 1000));
      } catch (error) {
        onFailure?.(error);
      }
      await this.#pause(clock.monotonicMs() - fromMs);
    }
    await this.#pruning;
  }

  /** Until half a second after the last beat began. */
  async #pause(tookMs: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#urgent;
    // A beat that was answered late must not make the next one later still.
    if (tookMs < quickMs) await pauseTogether(clock, beatMs, signal);
    else await clock.sleep(Math.max(0, beatMs - tookMs), signal);
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

  async #beat(): Promise<Beat> {
    const { session, holder, clock, memory, expectLog } = this.#options;
    const withoutLease = this.#urgent.signal.aborted ? 1 : 0;
    this.#urgent = new AbortController();
    const redis = await session.get();
    const opening = [randomHex(8), defaultMaxTokenLifetimeSeconds, logRetentionMs];
    const writer = readClock(clock);
    const args = [
      ...opening,
      holder,
      leaseMs,
      withoutLease,
      ...clockArguments(writer),
      ...rememberedArguments(memory?.latest, expectLog),
    ];
    const touched = [keys.lease, keys.log, keys.meta, keys.rules];
    const [result, now, stored, epoch, identity] = readArray(
      await redis.run(heartbeatScript, touched, args),
      'heartbeat',
    );
    const logMs = readNumber(now, 'heartbeat time');
    const leaseHolder = parseStoredClock(readText(stored, 'clock'));
    memory?.named(readText(epoch, 'epoch'), readText(identity, 'identity'));
    return {
      hasLease: readText(result, 'heartbeat') === 'written',
      agreedMs: agreedNow({ logMs, writer, leaseHolder }).agreedMs,
      // One of the last release stores no reading, and prunes whatever its clock says.
      holderDisagrees: leaseHolder !== undefined && agreedNow({ logMs, leaseHolder }).agreedMs === undefined,
    };
  }

  /** Finds candidates only: the script checks each one again, also by the clock of Redis. */
  async #prune(nowSeconds: number): Promise<void> {
    const { session, clock } = this.#options;
    const redis = await session.get();
    if (this.#pruneCursor === '0') {
      this.#hasFound = false;
      this.#restsUntilMs = clock.monotonicMs() + restMs;
    }
    const { cursor, rows } = readPage(await requestPage(redis, this.#pruneCursor, pruneSlice));
    this.#pruneCursor = cursor;
    const view = viewOf(rows);
    const ended: Uint8Array[] = [];
    for (let at = 0; at < rows.byteLength; at += rowBytes) {
      if (forgettableAt(readRule(view, at + 16), 0) <= nowSeconds) ended.push(rows.subarray(at, at + 16));
    }
    this.#hasFound ||= ended.length > 0;
    if (this.#hasFound) this.#restsUntilMs = Number.NEGATIVE_INFINITY;
    for (const slice of slicesOf(ended)) await redis.run(pruneScript, [keys.rules, keys.meta], [nowSeconds, ...slice]);
  }
}

function rememberedArguments(log: RememberedLog | undefined, expectLog: string | undefined): string[] {
  const marks = [log?.position, log?.earlier, log?.rule];
  return [expectLog ?? log?.identity ?? '', ...marks.flatMap((mark) => [mark?.cursor ?? '', mark?.head ?? ''])];
}
