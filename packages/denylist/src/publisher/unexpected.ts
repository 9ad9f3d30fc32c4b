import { ConfigurationError } from '../configuration-error.ts';

/** The error about a value that is not what it must be. */
export function unexpected(option: string, expected: string, found: unknown): ConfigurationError {
  return new ConfigurationError(option, `expected ${expected}, found ${kindOf(found)}`);
}

/** The type only: a value may be a secret or name a person, and messages are logged. */
function kindOf(found: unknown): string {
  if (found === undefined) return 'nothing';
  if (found === null) return 'null';
  if (Array.isArray(found)) return 'an array';
  if (found === '') return 'an empty string';
  return typeof found === 'string' ? 'another string' : `a value of type ${typeof found}`;
}
