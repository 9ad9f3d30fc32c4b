/** What is due in a second. The links belong to the wheel. */
export interface Due {
  /** Wall-clock seconds since 1970. */
  readonly dueSecond: number;
  nextDue: Due | undefined;
  previousDue: Due | undefined;
}

/** Streams by the second in which their tokens end. Adding and removing take constant time; a second without streams takes no room. */
export class ExpiryWheel<Item extends Due> {
  readonly #seconds = new Map<number, Item>();

  /** Number of seconds in which something is due. */
  get size(): number {
    return this.#seconds.size;
  }

  add(item: Item): void {
    const first = this.#seconds.get(item.dueSecond);
    item.nextDue = first;
    item.previousDue = undefined;
    if (first !== undefined) first.previousDue = item;
    this.#seconds.set(item.dueSecond, item);
  }

  remove(item: Item): void {
    const { dueSecond, nextDue: next, previousDue: previous } = item;
    if (next !== undefined) next.previousDue = previous;
    if (previous !== undefined) previous.nextDue = next;
    else if (next === undefined) this.#seconds.delete(dueSecond);
    else this.#seconds.set(dueSecond, next as Item); // only `add` puts items into the list
    item.nextDue = undefined;
    item.previousDue = undefined;
  }

  /** Everything that is due at `nowSecond`. Callers remove it. A clock that jumps ahead leaves nothing out. */
  due(nowSecond: number): readonly Item[] {
    const found: Item[] = [];
    for (const [second, first] of this.#seconds) {
      if (second > nowSecond) continue;
      for (let item: Item | undefined = first; item !== undefined; item = item.nextDue as Item | undefined)
        found.push(item);
    }
    return found;
  }
}
