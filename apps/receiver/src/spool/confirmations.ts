import type { Clock } from '@revocast/denylist/replica';
import type { Deliver } from '../delivery/deliver.ts';
import type { Signal } from '../signals/signal.ts';

interface ConfirmationPorts {
  readonly clock: Clock;
  readonly deliver: Deliver;
  /** The file of a message is not needed any longer. Must not reject. */
  readonly remove: (name: string) => Promise<void>;
  /** The log has them on fewer copies than required, and they are not delivered again. */
  readonly onGivenUp: (signals: readonly Signal[]) => void;
}

interface Held {
  readonly signals: readonly Signal[];
  readonly sinceMs: number;
}

/** Milliseconds between two attempts. Each can take as long as the log waits for its replicas. */
const retryMs = 5000;
const longestMs = 5 * 60_000;
/** Messages. Further ones are given up at once. */
const mostHeld = 1000;

/**
 * Messages of the spool that are in force, on fewer copies than the log requires. Their files stay: they are written again, with
 * the same ids, until the copies confirm them, so that a failover does not lose them. No later message waits behind them.
 */
export class Confirmations {
  readonly #ports: ConfirmationPorts;
  /** By the names of their files, the oldest first. */
  readonly #held = new Map<string, Held>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(ports: ConfirmationPorts) {
    this.#ports = ports;
  }

  async add(name: string, signals: readonly Signal[]): Promise<void> {
    if (this.#held.size >= mostHeld) return await this.#giveUp(name, signals);
    this.#held.set(name, { signals, sinceMs: this.#ports.clock.monotonicMs() });
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** The files stay, for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#held.size > 0 && !this.#stop.signal.aborted) {
      await this.#ports.clock.sleep(retryMs, this.#stop.signal);
      await this.#confirmAll();
    }
  }

  async #confirmAll(): Promise<void> {
    for (const [name, { signals, sinceMs }] of this.#held) {
      if (this.#stop.signal.aborted) return;
      const delivered = await this.#ports.deliver(signals);
      if (delivered.outcome === 'unavailable') {
        // Just then a failover may have lost it: it is kept, however long the log is away.
        if (delivered.isOwn) continue;
        return;
      }
      const { notDurable } = delivered;
      if (notDurable === undefined) {
        this.#held.delete(name);
        await this.#ports.remove(name);
        continue;
      }
      if (this.#ports.clock.monotonicMs() - sinceMs >= longestMs) {
        this.#held.delete(name);
        await this.#giveUp(name, notDurable);
        continue;
      }
      this.#held.set(name, { signals: notDurable, sinceMs });
      // The others need the same copies, and each attempt waits for them.
      return;
    }
  }

  async #giveUp(name: string, signals: readonly Signal[]): Promise<void> {
    this.#ports.onGivenUp(signals);
    await this.#ports.remove(name);
  }
}
