import type { LookUp } from '@revocast/denylist/replica';

/** A look-up that is being opened. Opening never throws; until it is done there is nobody to ask. */
export class LaterLookUp {
  readonly #opening: Promise<void>;
  readonly #failureListeners = new Set<(error: unknown) => void>();
  #lookUp: LookUp | undefined;
  #failed = false;

  constructor(open: () => LookUp | Promise<LookUp>) {
    this.#opening = this.#open(open);
  }

  async #open(open: () => LookUp | Promise<LookUp>): Promise<void> {
    try {
      const opened = open();
      this.#lookUp = opened instanceof Promise ? await opened : opened;
    } catch (error) {
      await Promise.resolve();
      this.#failed = true;
      for (const listener of this.#failureListeners) listener(error);
    }
  }

  onFailure(listener: (error: unknown) => void): void {
    this.#failureListeners.add(listener);
  }

  get current(): LookUp | undefined {
    return this.#lookUp;
  }

  get state(): 'opening' | 'open' | 'failed' {
    if (this.#failed) return 'failed';
    return this.#lookUp === undefined ? 'opening' : 'open';
  }

  /** Resolves when opening has ended, well or not. */
  async settled(): Promise<void> {
    await this.#opening;
  }

  async close(): Promise<void> {
    await this.#opening;
    await this.#lookUp?.close();
  }
}
