/** A number of seconds would be in the year 5138. Okta sends milliseconds, where CAEP 1.0 §2 has seconds. */
const leastMilliseconds = 1e11;
/** What the log takes for a time: after 2001, before 5138. */
const leastTimeMs = 1e12;
const mostTimeMs = 1e14;

/** Unix milliseconds of a number of seconds, or of milliseconds. Undefined for what is no time after 2001. */
export function readTime(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const ms = value > leastMilliseconds ? value : value * 1000;
  return ms > leastTimeMs && ms < mostTimeMs ? ms : undefined;
}

/**
 * When an event happened, in Unix milliseconds: `event_timestamp` of the event, else `toe` (RFC 8417 §2.2), else `iat`; never
 * after `iat`, because an event comes before the token that reports it.
 */
export function eventTimeOf(
  event: Readonly<Record<string, unknown>>,
  { toe, iat }: { readonly toe: unknown; readonly iat: number },
): number {
  return Math.min(readTime(event['event_timestamp']) ?? readTime(toe) ?? Number.POSITIVE_INFINITY, iat * 1000);
}
