export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error naming the variable when it is missing or empty. */
export function required(environment: Environment, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`set ${name}`);
  return value;
}

/** @throws Error naming the variable when it is no port. */
export function portOf(environment: Environment, name: string): number {
  const port = Number(required(environment, name));
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${name} takes a port, 0–65535`);
  return port;
}
