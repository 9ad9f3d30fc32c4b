import { InvalidArgumentError } from 'commander';

// Parsers of option values. Their errors do not quote the value: it may be a misplaced secret.

/** @param bounds inclusive. */
export function wholeNumber(what: string, [least, most]: readonly [number, number]) {
  return (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected ${what}, a whole number from ${least} to ${most}`);
  };
}

/** Milliseconds from `500ms`, `5s`, `2m` or a bare number of milliseconds. */
export function duration([least, most]: readonly [number, number]) {
  return (text: string): number => {
    const [, digits, unit = 'ms'] = /^(\d{1,12})(ms|s|m)?$/.exec(text) ?? [];
    const value = Number(digits) * (unitMs[unit] ?? 1);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a duration such as 500ms, 5s or 2m, from ${least} to ${most} ms`);
  };
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000 };

/** Claim seconds from seconds since 1970, or from an ISO 8601 time with a zone. */
export function claimSeconds(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms)) return Math.floor(ms / 1000);
  throw new InvalidArgumentError('expected seconds since 1970, or a time with a zone such as 2026-11-20T12:00:00Z');
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
