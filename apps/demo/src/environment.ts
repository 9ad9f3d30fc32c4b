export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error with the name of the variable when it is missing or empty. */
export function required(environment: Environment, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`);
  return value;
}

/** @throws Error with the name of the variable when its value is not a port. */
export function portOf(environment: Environment, name: string): number {
  const value = required(environment, name);
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${name} must be a port, 0–65535; found ${value}`);
  return port;
}
