import { readTime } from '../events/event-time.ts';

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/**
 * Unix milliseconds of an ISO 8601 text, or of seconds or milliseconds. A time of the future counts as the receipt: otherwise every
 * later state of an account would be older than it, and dropped. Undefined for anything else.
 */
export function webhookTime(value: unknown, nowMs: number): number | undefined {
  const ms = typeof value === 'string' && isoTime.test(value) ? readTime(Date.parse(value)) : readTime(value);
  return ms === undefined ? undefined : Math.min(ms, nowMs);
}
