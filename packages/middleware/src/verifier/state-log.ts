import type { Clock } from '@revocast/denylist/replica';
import type { Logger } from '../options/telemetry-options.ts';

const quietMs = 60_000;

interface Topic {
  written: string | undefined;
  /** Monotonic milliseconds. */
  writtenAtMs: number;
  waiting: { readonly level: keyof Logger; readonly message: string } | undefined;
}

/**
 * Writes one line for each change of state, at most one a minute for each topic. A change within the minute is written
 * at its end, unless the state is then again the one last written.
 */
export class StateLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #topics = new Map<string, Topic>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** @param about the topic; not part of the message. */
  say(about: string, level: keyof Logger, message: string): void {
    const topic = this.#topics.get(about) ?? { written: undefined, writtenAtMs: -quietMs, waiting: undefined };
    this.#topics.set(about, topic);
    const restMs = topic.writtenAtMs + quietMs - this.#clock.monotonicMs();
    if (topic.written === undefined || restMs <= 0) {
      this.#write(topic, level, message);
      return;
    }
    const isFirst = topic.waiting === undefined;
    topic.waiting = { level, message };
    if (isFirst) void this.#clock.sleep(restMs).then(() => this.#flush(topic));
  }

  #flush(topic: Topic): void {
    const { waiting } = topic;
    topic.waiting = undefined;
    if (waiting !== undefined) this.#write(topic, waiting.level, waiting.message);
  }

  #write(topic: Topic, level: keyof Logger, message: string): void {
    if (topic.written === message) return;
    topic.written = message;
    topic.writtenAtMs = this.#clock.monotonicMs();
    try {
      this.#logger[level](message);
    } catch {
      // A logger that throws must not fail requests.
    }
  }
}
