/** Handles items in batches, one batch at a time: items that arrive meanwhile wait for the next batch. */
export class BatchQueue<Item> {
  readonly #handle: (batch: readonly Item[]) => Promise<void>;
  readonly #maxItems: number;
  readonly #waiting: Item[] = [];
  #handling: Promise<void> | undefined;

  /** @param handle never rejects. */
  constructor(maxItems: number, handle: (batch: readonly Item[]) => Promise<void>) {
    this.#maxItems = maxItems;
    this.#handle = handle;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    this.#handling ??= this.#handleAll();
  }

  /** Resolves when no item is left. */
  async drained(): Promise<void> {
    await this.#handling;
  }

  async #handleAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#handle(this.#waiting.splice(0, this.#maxItems));
    this.#handling = undefined;
  }
}
