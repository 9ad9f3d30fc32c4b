/**
 * Returns what a process has once, for all copies of these packages in it: the ESM and the CommonJS half, another version,
 * and a copy that is loaded again while the program runs. A variable of a module exists once for each copy.
 *
 * @param name identifies the value. It ends with a number that changes with the interface of the value, so that two versions
 * share what both can use.
 * @param make creates the value, the first time.
 */
export function processWide<Value extends object>(name: string, make: () => Value): Value {
  const key = Symbol.for(`revocast.${name}`);
  const holder = globalThis as { [key: symbol]: Value | undefined };
  holder[key] ??= make();
  return holder[key];
}
