import { durationForms, readDuration, writeDuration } from '@revocast/denylist/replica';
import { InvalidArgumentError, Option } from 'commander';

// Parsers of option values. Their errors do not quote the value: it may be a misplaced secret.

/** @param bounds inclusive. */
export function wholeNumber(what: string, [least, most]: readonly [number, number]) {
  return (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected ${what}, a whole number from ${least} to ${most}`);
  };
}

/** Milliseconds from `500ms`, `5s`, `2m`, `1h`, `1d` or a bare number of milliseconds. */
export function duration([least, most]: readonly [number, number]) {
  return (text: string): number => {
    const value = readDuration(text) ?? Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected ${durationForms}, from ${writeDuration(least)} to ${writeDuration(most)}`);
  };
}

/** An option with a duration, whose default the help shows with its unit. */
export function durationOption(
  flags: string,
  description: string,
  { bounds, initial }: { readonly bounds: readonly [number, number]; readonly initial: number },
): Option {
  return new Option(flags, description).argParser(duration(bounds)).default(initial, writeDuration(initial));
}

/** Unix milliseconds from how long ago it was (`10m`), or from a time as in {@link claimSeconds}. */
export function sinceTime(text: string): (nowMs: number) => number {
  // A bare number of digits is a time, and not a number of milliseconds.
  const agoMs = /^\d+$/.test(text) ? undefined : readDuration(text);
  if (agoMs !== undefined) return (nowMs) => nowMs - agoMs;
  const atMs = readTime(text);
  if (atMs !== undefined) return () => atMs;
  throw new InvalidArgumentError(
    'expected how long ago, such as 10m, or a time with a zone, such as 2026-11-20T12:00:00Z',
  );
}

/** Claim seconds from seconds since 1970, or from an ISO 8601 time with a zone. */
export function claimSeconds(text: string): number {
  const atMs = readTime(text);
  if (atMs !== undefined) return Math.floor(atMs / 1000);
  throw new InvalidArgumentError('expected seconds since 1970, or a time with a zone such as 2026-11-20T12:00:00Z');
}

/** Unix milliseconds from seconds since 1970, or from an ISO 8601 time with a zone. */
function readTime(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

/** An http or https URL without credentials. */
export function webAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return text;
  throw new InvalidArgumentError('expected an http or https URL without credentials');
}

/** The data listener of a sidecar: http, https or a Unix socket. */
export function sidecarAddress(text: string): string {
  return /^unix:.*\//.test(text) ? text : webAddress(text);
}
