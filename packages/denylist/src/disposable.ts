/** The members that {@link disposable} takes. */
export type Undisposed<Closable> = Omit<Closable, typeof Symbol.asyncDispose>;

/** Lets `await using` close an object at the end of its block. */
export function disposable<Closable extends { close(): Promise<void> | void }>(
  object: Closable,
): Closable & AsyncDisposable {
  return Object.assign(object, {
    async [Symbol.asyncDispose](): Promise<void> {
      await object.close();
    },
  });
}
