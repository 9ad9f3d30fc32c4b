interface Node<Value> {
  readonly next: WeakMap<object, Node<Value>>;
  value?: Value;
}

/** One value for the same objects in the same order, kept for as long as they are. */
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
