/**
 * Settles like the first of several attempts that succeeds; what later ones bring is handed to `discard`.
 *
 * @throws the failure of the first attempt of the list, when all fail.
 */
export async function firstToSucceed<T>(attempts: readonly Promise<T>[], discard: (late: T) => void): Promise<T> {
  let winner: Promise<T> | undefined;
  const marked = attempts.map((attempt) =>
    attempt.then((value) => {
      winner ??= attempt;
      if (winner !== attempt) discard(value);
      return value;
    }),
  );
  try {
    return await Promise.any(marked);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}
