import { errorCodeOf } from '@revocast/denylist/replica';

/** The code of a failed `fetch`, such as ECONNREFUSED: `fetch` puts the error with the code into `cause`. */
export function describeFetchError(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'no answer in time';
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return errorCodeOf(cause) ?? 'no connection';
}
