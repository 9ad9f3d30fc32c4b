import { isGiven, readFunction, readNumber, readOneOf, refuse, refuseUnknownKeys } from '../options/read-option.ts';
import type { WatchOptions } from './watch.ts';

const names = ['until', 'whenUnknown', 'graceMs', 'onEnd'];
const defaultGraceMs = 30_000;
const graceBounds = { unit: 'ms', min: 0, max: 3_600_000 };

export interface ReadWatchOptions extends WatchOptions {
  readonly graceMs: number;
}

const defaults: ReadWatchOptions = Object.freeze({ graceMs: defaultGraceMs });

/**
 * Reads the options of one stream. Without a table: `watch` is called for each connection.
 *
 * @throws ConfigurationError
 */
export function readWatchOptions(given: WatchOptions | undefined): ReadWatchOptions {
  if (given === undefined) return defaults;
  const unread: unknown = given;
  if (!isGiven(unread)) refuse('watch', 'an object of options', unread);
  for (const name in given) if (!names.includes(name)) refuseUnknownKeys('watch.', { ...given }, names);
  const { until, whenUnknown, graceMs = defaultGraceMs, onEnd } = given;
  if (until !== undefined && !(until instanceof AbortSignal)) refuse('watch.until', 'an AbortSignal', until);
  if (whenUnknown !== undefined) readOneOf('watch.whenUnknown', whenUnknown, ['keep', 'end']);
  if (onEnd !== undefined) readFunction('watch.onEnd', onEnd);
  return { until, whenUnknown, graceMs: readNumber('watch.graceMs', graceMs, graceBounds), onEnd };
}
