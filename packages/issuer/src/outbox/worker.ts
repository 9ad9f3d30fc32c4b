import type { Clock } from '@revocast/denylist/replica';
import type { AttemptResult, OutboxRow, OutboxStore } from './outbox-store.ts';

/** Rows that are published at the same time. */
const batch = 100;
/** Rows that are deleted at the same time. */
const collectBatch = 1000;
const pollMs = 250;
/** Failures about which the success of another row says nothing. */
const ownFailures: readonly string[] = ['too_many_broad_rules', 'clock_disagreement', 'unknown_kind'];
const collectEveryMs = 60_000;

interface WorkerPorts {
  readonly outbox: OutboxStore;
  readonly clock: Clock;
  /** Publishes one row. Never rejects. */
  readonly attempt: (row: OutboxRow) => Promise<AttemptResult>;
  /** Rows were deleted that had been settled a week ago. */
  readonly collected: (rows: number) => void;
  /** The store failed. */
  readonly storeFailed: (error: unknown) => void;
}

/** Publishes what is due, until it is closed. It is idle between two polls, and then does not keep the process alive. */
export class OutboxWorker {
  readonly #ports: WorkerPorts;
  #running: Promise<void> | undefined;
  #closed = false;
  /** Aborted when there may be something to do. */
  #idle = new AbortController();
  #collectAtMs = 0;
  /** An attempt has failed because of the log, and none has succeeded since. */
  #someWait = false;

  constructor(ports: WorkerPorts) {
    this.#ports = ports;
  }

  start(): void {
    if (this.#closed || this.#running !== undefined) return;
    this.#ports.outbox.listen(() => this.wake());
    this.#running = this.#run();
  }

  /** A row was added, or may be due. */
  wake(): void {
    this.#idle.abort('woken');
  }

  /** Resolves when the attempts in progress have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { outbox, clock } = this.#ports;
    // A process that has just started may find rows that wait after failures of an hour ago.
    await outbox.hurry([]).catch(this.#ports.storeFailed);
    while (!this.#closed) {
      this.#idle = new AbortController();
      const taken = await this.#takeOnce();
      if (taken > 0 || this.#closed) continue;
      await clock.sleep(pollMs, this.#idle.signal);
    }
  }

  async #takeOnce(): Promise<number> {
    const { outbox, clock, attempt, collected, storeFailed } = this.#ports;
    try {
      if (clock.monotonicMs() >= this.#collectAtMs) {
        this.#collectAtMs = clock.monotonicMs() + collectEveryMs;
        const deleted = await outbox.collect(collectBatch);
        collected(deleted);
        // There are more: the next ones after what is due.
        if (deleted >= collectBatch) this.#collectAtMs = 0;
      }
      let someLogged = false;
      let someWait = false;
      const taken = await outbox.take(batch, async (row) => {
        const result = await attempt(row);
        if ('outcome' in result) someLogged ||= result.outcome === 'logged';
        else someWait ||= !result.isLogged && !ownFailures.includes(result.error);
        return result;
      });
      if (someLogged && this.#someWait) {
        // The log is back: what waits for its next attempt need not wait any longer.
        await outbox.hurry(ownFailures);
        this.#someWait = false;
      }
      this.#someWait ||= someWait;
      return taken;
    } catch (error) {
      storeFailed(error);
      return 0;
    }
  }
}
