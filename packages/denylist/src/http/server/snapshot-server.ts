import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { encodeSnapshot, snapshotBytes } from '../../codec/snapshot.ts';
import type { Replica } from '../../replication/open-replica.ts';
import { defaultMaxTokenLifetimeSeconds } from '../../rules/rule.ts';
import { logNowHeader } from '../wire/wire.ts';
import { answer, answerBusy } from './answer.ts';
import type { NumberedFeed } from './numbered-feed.ts';

/** Snapshots that are sent at full speed at the same time. */
const snapshotSlots = 8;
/**
 * A snapshot gives up its slot after this long, or at a look since which its reader took nothing, and goes on: eight slow
 * readers must not keep new processes cold.
 */
const slotMs = 5000;
const lookMs = 250;
/** Snapshots under way or waiting; one more is answered 429. */
const maxSnapshots = 1000;
/** Bytes a second below which a reader is cut: it would hold old rules in memory for hours. */
const leastBytesPerSecond = 65_536;

export interface SnapshotServerOptions {
  readonly replica: Pick<Replica, 'denylist' | 'logClock' | 'status'>;
  readonly feed: NumberedFeed;
  readonly clock: Clock;
}

/** `GET /v1/snapshot`: every rule in one binary answer, for a few readers at a time. */
export class SnapshotServer {
  readonly #options: SnapshotServerOptions;
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();
  #underWay = 0;
  #slots = snapshotSlots;

  constructor(options: SnapshotServerOptions) {
    this.#options = options;
  }

  handle(response: ServerResponse): void {
    if (!this.#options.feed.isNumbering()) {
      // Half a list looks whole to its reader.
      answer(response, 503, { error: 'not_ready', message: 'the first synchronisation is not complete' });
    } else if (this.#underWay >= maxSnapshots) {
      answerBusy(response, 'too_many_snapshots');
    } else void this.#serve(response);
  }

  close(): void {
    this.#stop.abort();
  }

  async #serve(response: ServerResponse): Promise<void> {
    this.#underWay += 1;
    const ended = new AbortController();
    response.once('close', () => ended.abort());
    const releaseSlot = await this.#takeSlot(ended.signal);
    if (!ended.signal.aborted) {
      void this.#watchRate(response, ended.signal, releaseSlot);
      this.#send(response);
      await new Promise<void>((resolve) => ended.signal.addEventListener('abort', () => resolve()));
    }
    releaseSlot();
    this.#underWay -= 1;
  }

  /** @returns what gives the slot to the next one; more than one call has no effect. */
  async #takeSlot(signal: AbortSignal): Promise<() => void> {
    while (this.#slots <= 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    this.#slots -= 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#slots += 1;
      const [next] = this.#waiting;
      next?.();
    };
  }

  #send(response: ServerResponse): void {
    const { replica, feed } = this.#options;
    const status = replica.status();
    const { epoch = '0'.repeat(16), maxTokenLifetimeSeconds = defaultMaxTokenLifetimeSeconds } = status;
    const { cutoffSkewSeconds } = status;
    const logNowMs = replica.logClock.nowMs();
    // Rows and `n` are of the same tick: nothing can come between.
    const snapshot = replica.denylist.snapshot();
    const header = { feed: feed.id, n: feed.n, epoch, maxTokenLifetimeSeconds, cutoffSkewSeconds };
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      // Without it, each piece would be framed, and taken out of its frame, again.
      'content-length': snapshotBytes(snapshot.rows),
      'cache-control': 'no-store',
      ...(logNowMs !== undefined && { [logNowHeader]: logNowMs.toFixed(3) }),
    });
    Readable.from(inTurns(encodeSnapshot(header, snapshot)), { objectMode: false, highWaterMark: 256 * 1024 })
      .on('error', () => response.destroy())
      .pipe(response);
  }

  async #watchRate(response: ServerResponse, signal: AbortSignal, releaseSlot: () => void): Promise<void> {
    const bytesTaken = () => response.socket?.bytesWritten ?? 0;
    let taken = bytesTaken();
    let takenBySlot = taken;
    for (let waitedMs = lookMs; ; waitedMs += lookMs) {
      await this.#options.clock.sleep(lookMs, signal);
      if (signal.aborted || this.#stop.signal.aborted) return;
      const isStalled = bytesTaken() === taken;
      taken = bytesTaken();
      const isSlotOver = waitedMs % slotMs === 0;
      if (isStalled || isSlotOver) releaseSlot();
      if (!isSlotOver) continue;
      if (taken - takenBySlot < (leastBytesPerSecond * slotMs) / 1000) response.destroy();
      takenBySlot = taken;
    }
  }
}

/** A socket that takes everything at once would have a snapshot encoded in one go, and live changes wait for it. */
async function* inTurns(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}
