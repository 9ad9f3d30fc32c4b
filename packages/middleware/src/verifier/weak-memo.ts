interface Node<Value> {
  readonly next: WeakMap<object, Node<Value>>;
  value?: Value;
}

/** Keeps one value for each sequence of objects, for as long as the objects live. */
export class WeakMemo<Value extends object> {
  readonly #root: Node<Value> = { next: new WeakMap() };

  get(objects: readonly object[], make: () => Value): Value {
    let node = this.#root;
    for (const object of objects) {
      const next: Node<Value> = node.next.get(object) ?? { next: new WeakMap() };
      node.next.set(object, next);
      node = next;
    }
    node.value ??= make();
    return node.value;
  }
}
