/** Bytes of each body that the budget does not count: a message of the usual size must pass while large ones are many. */
const freeBytes = 8192;

/** What one body takes of a budget. */
export interface BodyShare {
  /** @returns whether the body may grow to this many bytes. */
  grow(toBytes: number): boolean;
  release(): void;
}

/** Bounds the bytes of all bodies that are in memory. Their senders are not known while they are read. */
export class BodyBudget {
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  open(): BodyShare {
    let taken = 0;
    return {
      grow: (toBytes) => {
        const more = Math.max(0, toBytes - freeBytes) - taken;
        if (more > this.#leftBytes) return false;
        this.#leftBytes -= more;
        taken += more;
        return true;
      },
      release: () => {
        this.#leftBytes += taken;
        taken = 0;
      },
    };
  }
}
