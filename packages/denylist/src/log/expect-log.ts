import { ConfigurationError } from '../configuration-error.ts';
import { FeedError } from './feed.ts';

const identityForm = /^[0-9a-f]{16}$/;

/** Whether a text has the form of the identity of a log. */
export function isIdentity(value: unknown): value is string {
  return typeof value === 'string' && identityForm.test(value);
}

/** @throws ConfigurationError for a value that no log can have. */
export function checkExpectLog(value: string | undefined): string | undefined {
  if (value === undefined || isIdentity(value)) return value;
  throw new ConfigurationError('expectLog', 'expected 16 hex digits, the identity of a log, found another value');
}

/** @throws FeedError `wrong_log` when a feed is not that of the expected log. */
export function refuseWrongLog(expected: string, found: string | undefined): void {
  if (found === expected) return;
  const what = found === undefined ? 'a feed that names no log' : `the log ${found}`;
  throw new FeedError('wrong_log', `expected the log ${expected} (expectLog), found ${what}`);
}
