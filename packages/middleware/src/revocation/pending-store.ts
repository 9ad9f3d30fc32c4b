/** A store that is being opened. Opening never throws. */
export class PendingStore<Store extends { close(): Promise<void> }> {
  readonly #opening: Promise<void>;
  readonly #failureListeners: ((error: unknown) => void)[] = [];
  #store: Store | undefined;
  #failed = false;

  constructor(open: () => Store | Promise<Store>) {
    this.#opening = this.#open(open);
  }

  async #open(open: () => Store | Promise<Store>): Promise<void> {
    try {
      const opened = open();
      this.#store = opened instanceof Promise ? await opened : opened;
    } catch (error) {
      // One turn later, so that the creator has added its listener.
      await Promise.resolve();
      this.#failed = true;
      for (const listener of this.#failureListeners) listener(error);
    }
  }

  onFailure(listener: (error: unknown) => void): void {
    this.#failureListeners.push(listener);
  }

  /** Undefined until the store is open, and for ever if it could not be opened. */
  get current(): Store | undefined {
    return this.#store;
  }

  get state(): 'opening' | 'open' | 'failed' {
    if (this.#failed) return 'failed';
    return this.#store === undefined ? 'opening' : 'open';
  }

  /** Resolves to the store once it is open, and to undefined if it could not be opened. */
  async opened(): Promise<Store | undefined> {
    await this.#opening;
    return this.#store;
  }

  async close(): Promise<void> {
    await (await this.opened())?.close();
  }
}
