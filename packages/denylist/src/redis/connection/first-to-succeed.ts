/**
 * Resolves to the result of the first attempt that succeeds; results of later ones go to `discard`.
 *
 * @throws the error of the first attempt in the list, when all fail.
 */
export async function firstToSucceed<T>(attempts: readonly Promise<T>[], discard: (late: T) => void): Promise<T> {
  try {
    const first = await Promise.any(attempts);
    for (const attempt of attempts) {
      attempt.then(
        (late) => {
          if (late !== first) discard(late);
        },
        () => {},
      );
    }
    return first;
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}
