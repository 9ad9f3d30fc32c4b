/** Names that are remembered for a fixed time. At the bound a further name is not remembered: any token may bring one. */
export class BoundedMemory<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly endsAtMs: number }>();
  readonly #max: number;
  readonly #lifetimeMs: number;

  constructor({ max, lifetimeMs }: { max: number; lifetimeMs: number }) {
    this.#max = max;
    this.#lifetimeMs = lifetimeMs;
  }

  /** @param nowMs monotonic, as in the other call. */
  recall(name: string, nowMs: number): Value | undefined {
    this.#removeEnded(nowMs);
    return this.#entries.get(name)?.value;
  }

  remember(name: string, value: Value, nowMs: number): void {
    this.#removeEnded(nowMs);
    this.#entries.delete(name);
    if (this.#entries.size < this.#max) this.#entries.set(name, { value, endsAtMs: nowMs + this.#lifetimeMs });
  }

  /** In the order of their ends, which is that of their entries. */
  #removeEnded(nowMs: number): void {
    for (const [name, { endsAtMs }] of this.#entries) {
      if (nowMs < endsAtMs) return;
      this.#entries.delete(name);
    }
  }
}
