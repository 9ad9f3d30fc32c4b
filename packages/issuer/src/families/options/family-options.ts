import { ConfigurationError } from '@revocast/denylist';
import { checkWholeNumber, suggestName, unexpected } from '@revocast/denylist/replica';
import type { FamilyRules } from '../state-machine.ts';
import { type FamilyKey, type KeyRing, readKeys } from '../token/keys.ts';
import { type Duration, readDuration } from './duration.ts';

/** What {@link Lifecycle.families} takes. */
export interface FamilyOptions {
  /** The keys of refresh tokens: exactly one without `verifyOnly: true`. The same in all processes. */
  readonly keys: readonly FamilyKey[];
  /** A family that is not refreshed for so long ends: '1m' to '400d', default '14d'. Each refresh starts it again. */
  readonly idle?: Duration | undefined;
  /** A family ends after so long, however often it is refreshed: '1m' to '400d', default '30d'. */
  readonly absolute?: Duration | undefined;
  /** For so long a refresh may be repeated with the token that it spent: 0–60 s, default 30. */
  readonly graceSeconds?: number | undefined;
  /** How often it may be repeated, 1–1000, default 20. The current token is never refused for this. */
  readonly maxRetries?: number | undefined;
  /**
   * What happens when a spent bearer token is shown after the grace, while its child is unused: a thief, or a client that was
   * offline. Default 'end': the family ends, and its access tokens are revoked. 'refuse': only this request is refused.
   */
  readonly lateRetry?: 'end' | 'refuse' | undefined;
}

export interface FamilySettings {
  readonly keys: KeyRing;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly rules: FamilyRules;
}

const optionNames = [
  'keys',
  'idle',
  'absolute',
  'graceSeconds',
  'maxRetries',
  'lateRetry',
] as const satisfies readonly (keyof FamilyOptions)[];

/** RFC 10017: a refresh token has a maximum lifetime or an inactivity limit. Here always both. */
const lifetimes = { leastMs: 60_000, mostMs: 400 * 86_400_000 };

/** The options with their defaults. @throws ConfigurationError with the option, what was expected and what was found. */
export function readFamilyOptions(options: FamilyOptions, issuer: string): FamilySettings {
  const unknown = Object.keys(options).find((name) => !optionNames.some((known) => known === name));
  if (unknown !== undefined) {
    const meant = suggestName(unknown, optionNames);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new ConfigurationError(unknown.slice(0, 64), `expected one of ${optionNames.join(', ')}${hint}`);
  }
  const { idle = '14d', absolute = '30d', graceSeconds = 30, maxRetries = 20, lateRetry = 'end' } = options;
  checkWholeNumber('graceSeconds', graceSeconds, { least: 0, most: 60, unit: 's' });
  checkWholeNumber('maxRetries', maxRetries, { least: 1, most: 1000, unit: 'retries' });
  if (lateRetry !== 'end' && lateRetry !== 'refuse') {
    throw unexpected('lateRetry', "'end' or 'refuse'", lateRetry);
  }
  const idleMs = readDuration('idle', idle, lifetimes);
  const absoluteMs = readDuration('absolute', absolute, lifetimes);
  if (idleMs > absoluteMs) {
    throw new ConfigurationError('idle', `expected at most '${absolute}', the absolute lifetime, found '${idle}'`);
  }
  return {
    keys: readKeys(options.keys, issuer),
    idleMs,
    absoluteMs,
    rules: { graceMs: graceSeconds * 1000, maxRetries, lateRetry },
  };
}
