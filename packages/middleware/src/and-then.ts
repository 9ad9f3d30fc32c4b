/**
 * Goes on with a value: at once where it is there, later where it is promised. Requests that need to wait for nothing
 * are then answered in the turn in which they came.
 */
export function andThen<Value, Result>(
  value: Value | Promise<Value>,
  next: (settled: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
