import { isJsonObject } from '../codec/json.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { suggestName } from '../suggest-name.ts';

/**
 * Checks that options are an object with known members only: a mistyped option would have no effect.
 *
 * @throws ConfigurationError with the name of the unknown member, and of the one that it resembles.
 */
export function checkOptions(what: string, given: unknown, known: readonly string[]): void {
  if (!isJsonObject(given)) throw new ConfigurationError(what, `expected an object, found ${typeNameOf(given)}`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = suggestName(unknown, known);
  const hint = near === undefined ? `the options are ${known.join(', ')}` : `did you mean ${near}?`;
  throw new ConfigurationError(what, `unknown option ${JSON.stringify(unknown)}; ${hint}`);
}

/** The type only: a value may be a secret or name a person, and messages are logged. */
export function typeNameOf(found: unknown): string {
  if (found === undefined) return 'nothing';
  if (found === null) return 'null';
  return Array.isArray(found) ? 'an array' : `a value of type ${typeof found}`;
}
