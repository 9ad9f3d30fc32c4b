/** Keeps the last `capacity` items; each further item replaces the oldest one. */
export class Ring<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  /** Index of the next item, which is the oldest one once the ring is full. */
  #next = 0;

  /** @param capacity at least 1. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** Oldest first. */
  items(): readonly T[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }
}
