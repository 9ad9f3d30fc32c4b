import type { Schedule } from './schedule.ts';

/** One answered request. */
export interface Sample {
  readonly dueMs: number;
  readonly latencyMs: number;
}

/**
 * Sends due requests on free connections. A request without a free connection waits, and its latency counts from its
 * due time. Otherwise the slowest moments of a server would be missing in its latency.
 */
export class OpenLoop<Connection> {
  readonly samples: Sample[] = [];
  /** The delay of the generator itself for each request. It cannot measure latencies below this delay. */
  readonly noticedLateMs: number[] = [];
  readonly #schedule: Schedule;
  readonly #send: (connection: Connection) => void;
  readonly #free: Connection[];
  readonly #pending = new Map<Connection, number>();
  readonly #waiting: number[] = [];

  constructor(options: {
    readonly schedule: Schedule;
    readonly connections: readonly Connection[];
    readonly send: (connection: Connection) => void;
  }) {
    this.#schedule = options.schedule;
    this.#send = options.send;
    this.#free = [...options.connections];
  }

  get isOver(): boolean {
    return this.#schedule.isOver && this.#waiting.length === 0 && this.#pending.size === 0;
  }

  /** Sends the due requests. Call it as often as possible. */
  turn(nowMs: number): void {
    for (;;) {
      const dueMs = this.#schedule.takeDue(nowMs);
      if (dueMs === undefined) break;
      this.noticedLateMs.push(nowMs - dueMs);
      this.#waiting.push(dueMs);
    }
    this.#sendWaiting();
  }

  answered(connection: Connection, nowMs: number): void {
    const dueMs = this.#pending.get(connection);
    if (dueMs === undefined) throw new Error('received an answer without a request');
    this.#pending.delete(connection);
    this.samples.push({ dueMs, latencyMs: nowMs - dueMs });
    this.#free.push(connection);
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#free.pop();
      if (connection === undefined) return;
      this.#pending.set(connection, this.#waiting.shift() ?? 0);
      this.#send(connection);
    }
  }
}
