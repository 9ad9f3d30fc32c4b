import { isJsonObject } from '../codec/json.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { suggestName } from '../suggest-name.ts';
import { unexpected } from './unexpected.ts';

/**
 * Checks that options are an object with known members only: a mistyped option would have no effect.
 *
 * @throws ConfigurationError with the name of the unknown member, and of the one that it resembles.
 */
export function checkOptions(what: string, given: unknown, known: readonly string[]): void {
  if (!isJsonObject(given)) throw unexpected(what, 'an object', given);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = suggestName(unknown, known);
  const hint = near === undefined ? `the options are ${known.join(', ')}` : `did you mean ${near}?`;
  throw new ConfigurationError(what, `unknown option ${JSON.stringify(unknown)}; ${hint}`);
}
