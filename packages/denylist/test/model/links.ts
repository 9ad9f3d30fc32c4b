/** The network between readers and the servers they follow. A cut link drops every packet and closes nothing. */
export class Links {
  readonly #monotonicMs: () => number;
  readonly #cutSinceMs = new Map<string, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  cut(reader: string): void {
    if (!this.#cutSinceMs.has(reader)) this.#cutSinceMs.set(reader, this.#monotonicMs());
  }

  restore(reader: string): void {
    this.#cutSinceMs.delete(reader);
  }

  isCut(reader: string): boolean {
    return this.#cutSinceMs.has(reader);
  }

  /** Milliseconds for which nothing has passed; 0 while the link works. */
  silentMs(reader: string): number {
    const since = this.#cutSinceMs.get(reader);
    return since === undefined ? 0 : this.#monotonicMs() - since;
  }
}
