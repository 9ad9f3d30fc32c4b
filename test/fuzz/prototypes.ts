const watched = Object.entries({ Object, Array, String, Number, Function, Map, Set, Promise, Buffer });

/**
 * Watches the prototypes that all code shares.
 *
 * @returns a function that returns what was changed since the last call, and undoes it; undefined when nothing was.
 */
export function watchPrototypes(): () => string | undefined {
  const known = watched.map(([name, { prototype }]) => ({
    name,
    prototype: prototype as object,
    before: Object.getOwnPropertyDescriptors(prototype) as PropertyDescriptorMap,
    keys: Reflect.ownKeys(prototype as object),
  }));
  return () => {
    const found = known.flatMap(({ name, prototype, before, keys }) => {
      const added = Reflect.ownKeys(prototype).filter((key) => !keys.includes(key));
      for (const key of added) Reflect.deleteProperty(prototype, key);
      const replaced = keys.filter((key) => {
        const { value, get } = Object.getOwnPropertyDescriptor(prototype, key) ?? {};
        return value !== Reflect.get(before, key).value || get !== Reflect.get(before, key).get;
      });
      for (const key of replaced) Object.defineProperty(prototype, key, Reflect.get(before, key));
      return [...added, ...replaced].map((key) => `${name}.prototype.${String(key)}`);
    });
    return found.length === 0 ? undefined : found.join(', ');
  };
}

/** Cheap enough for each input: whether anything was added to the two prototypes that JSON values have. */
export function countShared(): number {
  return Reflect.ownKeys(Object.prototype).length + Reflect.ownKeys(Array.prototype).length;
}
