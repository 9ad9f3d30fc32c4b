import type { Clock } from '@revocast/denylist/replica';
import type { CollectedFamilies, FamilyStore } from './family-store.ts';

const everyMs = 60_000;
/** A spent token of a deleted family is `unknown`; until then it is known as a reuse. */
const keepEndedMs = 30 * 86_400_000;
const batch = 1000;
/** A store that never has less than a batch must not keep this process busy. */
const maxBatches = 1000;

interface CollectorPorts {
  readonly store: Pick<FamilyStore, 'collect'>;
  readonly clock: Clock;
  /** After each batch. */
  readonly collected: (families: CollectedFamilies) => void;
  /** A run of this process has ended. Not one that another process has now: it may hang. */
  readonly succeeded: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Ends the families whose lifetime is over, and deletes those that ended 30 days ago: every minute, in batches, in one process
 * at a time. It does not keep the process alive.
 */
export class FamilyCollector {
  readonly #ports: CollectorPorts;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(ports: CollectorPorts) {
    this.#ports = ports;
  }

  start(): void {
    if (this.#closing.signal.aborted) return;
    this.#running ??= this.#run();
  }

  /** Resolves when the batch in progress has ended. */
  async close(): Promise<void> {
    this.#closing.abort('closed');
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#collectAll();
      await this.#ports.clock.sleep(everyMs, signal);
    }
  }

  async #collectAll(): Promise<void> {
    const { store, collected, succeeded, failed } = this.#ports;
    try {
      for (let count = 0; count < maxBatches && !this.#closing.signal.aborted; count++) {
        const families = await store.collect({ keepEndedMs, batch });
        if (families === undefined) return;
        collected(families);
        if (families.expired < batch && families.deleted < batch) break;
      }
      succeeded();
    } catch (error) {
      failed(error);
    }
  }
}
