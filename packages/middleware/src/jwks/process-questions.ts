import { TokenBucket } from './token-bucket.ts';

const burst = 500;
const intervalMs = 10;

/** Kept for refreshes of key sets: a flood of issuers must not keep a rotated key from being found. */
export const keptForRefreshes = 100;

/**
 * The budget of a process for questions that unverified tokens cause: whether an issuer is trusted, and refreshes for unknown
 * kids. It bounds the requests that leave the process, however many issuers the tokens name. 500 at once, then 100 a second.
 */
export function processQuestions(): TokenBucket {
  return new TokenBucket({ burst, intervalMs });
}
