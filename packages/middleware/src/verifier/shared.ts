interface Closable {
  close(): Promise<void> | void;
}

/** Resources that verifiers of one process share: the first opens one, the last closes it. */
export class Shared<Value extends Closable> {
  readonly #held = new Map<string, { readonly value: Value; users: number }>();

  /**
   * @param key the same key means the same resource.
   * @param releases receives the function that ends this use; call it once.
   */
  take(key: string, releases: (() => Promise<void> | void)[], open: () => Value): Value {
    const held = this.#held.get(key) ?? { value: open(), users: 0 };
    this.#held.set(key, held);
    held.users += 1;
    releases.push(() => {
      held.users -= 1;
      if (held.users > 0) return undefined;
      this.#held.delete(key);
      return held.value.close();
    });
    return held.value;
  }
}

/** Gives each object a name, so that it can be part of a key. */
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
