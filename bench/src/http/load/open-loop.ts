import type { Schedule } from './schedule.ts';

/** One answered request. */
export interface Sample {
  readonly dueMs: number;
  readonly latencyMs: number;
}

/**
 * Hands due requests to free connections. A request that finds none waits, and its latency counts from when it was due:
 * else the slowest moments of a server would be left out of its latency.
 */
export class OpenLoop<Connection> {
  readonly samples: Sample[] = [];
  /** How late each due request was noticed: the generator's own fault, and the floor of what it can measure. */
  readonly noticedLateMs: number[] = [];
  readonly #schedule: Schedule;
  readonly #send: (connection: Connection) => void;
  readonly #free: Connection[];
  readonly #underWay = new Map<Connection, number>();
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
    return this.#schedule.isOver && this.#waiting.length === 0 && this.#underWay.size === 0;
  }

  /** Sends what is due and can be sent. To be called as often as possible. */
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
    const dueMs = this.#underWay.get(connection);
    if (dueMs === undefined) throw new Error('an answer to no request');
    this.#underWay.delete(connection);
    this.samples.push({ dueMs, latencyMs: nowMs - dueMs });
    this.#free.push(connection);
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#free.pop();
      if (connection === undefined) return;
      this.#underWay.set(connection, this.#waiting.shift() ?? 0);
      this.#send(connection);
    }
  }
}
