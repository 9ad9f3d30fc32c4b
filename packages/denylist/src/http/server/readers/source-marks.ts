import type { FeedPosition } from '../../../log/feed.ts';

/** Positions of the source remembered: a few seconds of changes. */
const maxMarks = 4096;

/** Which number of the feed of a sidecar stands for which position of its source, to translate what readers have reached. */
export class SourceMarks {
  #marks: { readonly n: number; readonly position: FeedPosition }[] = [];

  /** All changes up to `n` are those of the source up to `position`. */
  add(n: number, position: FeedPosition): void {
    const last = this.#marks.at(-1);
    // A heartbeat moves the position of the source but not `n`. Of positions with the same `n` the newest is kept.
    if (last?.n === n) this.#marks.pop();
    this.#marks.push({ n, position });
    if (this.#marks.length > maxMarks) this.#marks.shift();
  }

  clear(): void {
    this.#marks = [];
  }

  /** The cursor of the newest position up to which everything is in the changes up to `n`; undefined while none is known. */
  cursorAt(n: number): string | undefined {
    for (let index = this.#marks.length - 1; index >= 0; index--) {
      const mark = this.#marks[index];
      if (mark !== undefined && mark.n <= n) return mark.position.cursor;
    }
    return undefined;
  }
}
