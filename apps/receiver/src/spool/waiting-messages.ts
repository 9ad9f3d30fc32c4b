import { targetsOf } from '../delivery/deliver.ts';
import type { Signal } from '../signals/signal.ts';

/** Where a message can be held back: a directory that does not answer must not hold back what needs the log only. */
export const lanes = ['log', 'directory'] as const;
export type Lane = (typeof lanes)[number];

/** A message that waits on the disk. */
export interface Waiting {
  readonly name: string;
  readonly lane: Lane;
  readonly targets: readonly string[];
  readonly receivedAtMs: number;
}

/** The messages of a spool, with one queue for each value: a message is first in all its queues before it is delivered. */
export class WaitingMessages {
  readonly #messages: Readonly<Record<Lane, Map<string, Waiting>>> = { log: new Map(), directory: new Map() };
  /** Names of files by target, in their order. */
  readonly #queues = new Map<string, Set<string>>();

  get size(): number {
    return this.#messages.log.size + this.#messages.directory.size;
  }

  add(name: string, signals: readonly Signal[]): Waiting {
    const targets = targetsOf(signals);
    const lane = signals.some(needsDirectory) ? 'directory' : 'log';
    const receivedAtMs = signals.reduce((least, signal) => Math.min(least, signal.receivedAtMs), Number.MAX_VALUE);
    const message: Waiting = { name, lane, targets, receivedAtMs };
    this.#messages[lane].set(name, message);
    for (const target of targets) {
      const queue = this.#queues.get(target) ?? new Set();
      this.#queues.set(target, queue.add(name));
    }
    return message;
  }

  remove({ name, lane, targets }: Waiting): void {
    this.#messages[lane].delete(name);
    for (const target of targets) {
      const queue = this.#queues.get(target);
      queue?.delete(name);
      if (queue?.size === 0) this.#queues.delete(target);
    }
  }

  /** Whether a message about one of these values waits. */
  holds(targets: readonly string[]): boolean {
    return targets.some((target) => this.#queues.has(target));
  }

  /** Whether it waits, and no earlier message about one of its values does. */
  isFirst({ name, lane, targets }: Waiting): boolean {
    if (!this.#messages[lane].has(name)) return false;
    return targets.every((target) => this.#queues.get(target)?.values().next().value === name);
  }

  of(lane: Lane): ReadonlyMap<string, Waiting> {
    return this.#messages[lane];
  }

  /** When the oldest was received; undefined when none waits. */
  oldestAtMs(): number | undefined {
    let oldest: number | undefined;
    for (const lane of lanes) {
      for (const { receivedAtMs } of this.#messages[lane].values())
        oldest = Math.min(oldest ?? receivedAtMs, receivedAtMs);
    }
    return oldest;
  }
}

/** Whether a subject of the signal is still to be looked up. */
export function needsDirectory({ effects }: Signal): boolean {
  return effects.some(({ kind }) => kind === 'resolve');
}
