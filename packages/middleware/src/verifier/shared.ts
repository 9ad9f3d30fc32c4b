/** What several verifiers of one process use together: opened by the first, closed by the last. */
export class Shared<Value> {
  readonly #held = new Map<string, { readonly value: Value; users: number }>();

  /** @param key the same key means the same resource. */
  take(key: string, open: () => Value): Lease<Value> {
    const held = this.#held.get(key) ?? { value: open(), users: 0 };
    this.#held.set(key, held);
    held.users += 1;
    let given = true;
    return {
      value: held.value,
      release: () => {
        if (!given) return false;
        given = false;
        held.users -= 1;
        if (held.users > 0) return false;
        this.#held.delete(key);
        return true;
      },
    };
  }
}

export interface Lease<Value> {
  readonly value: Value;
  /** Returns true when nobody else uses it: close it then. */
  release(): boolean;
}

/** Names objects, so that an object can be part of a key. */
export class ObjectNames {
  readonly #names = new WeakMap<object, string>();
  #next = 1;

  nameOf(object: object): string {
    const known = this.#names.get(object);
    if (known !== undefined) return known;
    const name = `#${this.#next}`;
    this.#next += 1;
    this.#names.set(object, name);
    return name;
  }
}
