/**
 * Values in one command. Managed services bound the arguments of a command (ElastiCache Serverless takes 3,999), and a
 * command with thousands of them delays every other client of Redis.
 */
const mostValues = 900;

/** The values in slices that fit into one command, beside its name and its keys. */
export function* slicesOf<Value>(values: readonly Value[]): Generator<readonly Value[]> {
  for (let from = 0; from < values.length; from += mostValues) yield values.slice(from, from + mostValues);
}
