import type { Clock } from '../clock.ts';
import type { FeedPosition } from '../log/feed.ts';

type RememberedPosition = Pick<FeedPosition, 'cursor' | 'head'>;

/** Milliseconds between two positions that are kept as the earlier one. */
const earlierMs = 5000;
/** Milliseconds without a position after which the log may have paused, and be a backup since: see `log-gap.ts`. */
const interruptedMs = 10_000;

/** An entry of a log: its number, its place, and the head after it. */
export interface RememberedEntry {
  readonly seq: number;
  readonly cursor: string;
  readonly head: string;
}

/** What a process remembers of the log that it follows. */
export interface RememberedLog {
  readonly epoch: string;
  readonly identity?: string | undefined;
  /** The last position at which it was fresh. */
  readonly position: RememberedPosition;
  /** One that is some seconds older: a Redis that crashes may lose the entries of a second. */
  readonly earlier?: RememberedPosition | undefined;
  /** The last entry up to there that changed a rule. */
  readonly rule?: RememberedEntry | undefined;
}

/**
 * What a sidecar remembers of its log, in memory and perhaps in a file. It shows whether the log that is found after an
 * interruption continues this one, or is a backup of it.
 */
export class LogMemory {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  #latest: RememberedLog | undefined;
  /** Becomes the earlier position. */
  #next: { readonly position: RememberedPosition; readonly atMs: number } | undefined;
  /** When the last position was remembered. */
  #last: { readonly monotonicMs: number; readonly wallMs: number } | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'wallMs'>, remembered?: RememberedLog) {
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
    // A position from before an interruption beside one from after it would seem to show that the log continues.
    const isContinuous = known !== undefined && !this.#wasInterrupted();
    this.#last = { monotonicMs: nowMs, wallMs: this.#clock.wallMs() };
    let earlier = isContinuous ? known.earlier : undefined;
    if (!isContinuous) this.#next = undefined;
    if (this.#next === undefined || nowMs - this.#next.atMs >= earlierMs) {
      earlier = this.#next?.position ?? earlier;
      this.#next = { position, atMs: nowMs };
    }
    // It outlives an epoch: a log that was lost has none until a sidecar that remembers it can write.
    const named = identity ?? this.#latest?.identity;
    this.#latest = { epoch, identity: named, position, earlier, rule: rule ?? known?.rule };
  }

  /** Also at the start: how long the process did not run is unknown. The wall clock goes on while a host sleeps. */
  #wasInterrupted(): boolean {
    if (this.#last === undefined) return true;
    const passedMs = this.#clock.monotonicMs() - this.#last.monotonicMs;
    const passedWallMs = Math.abs(this.#clock.wallMs() - this.#last.wallMs);
    return passedMs > interruptedMs || passedWallMs > interruptedMs;
  }

  /** The log of this epoch has this identity; empty: none yet. */
  named(epoch: string, identity: string): void {
    const known = this.#latest;
    if (identity === '' || known?.epoch !== epoch) return;
    this.#latest = { ...known, identity };
  }

  /**
   * Its entry was lost, and this is known by now. A log that has the earlier position, and lacks the later one, is then no
   * log that has lost heartbeats alone.
   */
  forgetRule(): void {
    if (this.#latest === undefined) return;
    this.#latest = { ...this.#latest, earlier: undefined, rule: undefined };
    this.#next = undefined;
  }
}
