/**
 * Runs `attempt` for all items at once, but for those of one target in turn: a block and its lift that are written again must
 * not change places.
 */
export async function inOrderOfTarget<Item, Result>(
  items: readonly Item[],
  targetOf: (item: Item) => string,
  attempt: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const last = new Map<string, Promise<Result>>();
  return await Promise.all(
    items.map((item) => {
      const target = targetOf(item);
      const before = last.get(target);
      const result = before === undefined ? attempt(item) : before.then(() => attempt(item));
      last.set(target, result);
      return result;
    }),
  );
}
