import type { Clock } from '../clock.ts';
import type { FeedPosition } from '../log/feed.ts';

type RememberedPosition = Pick<FeedPosition, 'cursor' | 'head'>;

/** Milliseconds between two positions that are kept as the earlier one. */
const earlierMs = 5000;

/** An entry of a log: its number, its place, and the head after it. */
export interface RememberedEntry {
  readonly seq: number;
  readonly cursor: string;
  readonly head: string;
}

/** What a process remembers of the log that it follows. */
export interface RememberedLog {
  readonly epoch: string;
  readonly identity?: string;
  /** The last position at which it was fresh. */
  readonly position: RememberedPosition;
  /** One that is some seconds older: a Redis that crashes may lose the entries of a second. */
  readonly earlier?: RememberedPosition;
  /** The last entry up to there that changed a rule. */
  readonly rule?: RememberedEntry;
}

/**
 * What a sidecar remembers of its log, in memory and perhaps in a file. It shows whether the log that is found after an
 * interruption continues this one, or is a backup of it.
 */
export class LogMemory {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #latest: RememberedLog | undefined;
  /** Becomes the earlier position. */
  #next: { readonly position: RememberedPosition; readonly atMs: number } | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs'>, remembered?: RememberedLog) {
    this.#clock = clock;
    this.#latest = remembered;
  }

  get latest(): RememberedLog | undefined {
    return this.#latest;
  }

  /** The process is fresh at this position. `rule`: the last entry that changed a rule, if there was one since the last snapshot. */
  remember({ epoch, identity, cursor, head }: FeedPosition, rule: RememberedEntry | undefined): void {
    const known = this.#latest?.epoch === epoch ? this.#latest : undefined;
    const position = { cursor, head };
    const nowMs = this.#clock.monotonicMs();
    let { earlier } = known ?? {};
    if (known === undefined) this.#next = undefined;
    if (this.#next === undefined || nowMs - this.#next.atMs >= earlierMs) {
      earlier = this.#next?.position ?? earlier;
      this.#next = { position, atMs: nowMs };
    }
    this.#latest = { epoch, identity: identity ?? known?.identity, position, earlier, rule: rule ?? known?.rule };
  }

  /** The log of this epoch has this identity; empty: none yet. */
  named(epoch: string, identity: string): void {
    const known = this.#latest;
    if (identity === '' || known?.epoch !== epoch || known.identity !== undefined) return;
    this.#latest = { ...known, identity };
  }

  /** Its entry was lost, and this is known by now. */
  forgetRule(): void {
    if (this.#latest !== undefined) this.#latest = { ...this.#latest, rule: undefined };
  }
}
