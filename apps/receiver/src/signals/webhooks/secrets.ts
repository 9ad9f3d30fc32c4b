import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a header is one of the configured secrets. Takes the same time for every wrong value of a length.
 *
 * @param secrets two while a secret is being replaced.
 */
export function matchesSecret(given: string | undefined, secrets: readonly string[]): boolean {
  if (given === undefined || given === '') return false;
  let matches = false;
  for (const secret of secrets) {
    if (timingSafeEqual(sha256(given), sha256(secret))) matches = true;
  }
  return matches;
}

/** Digests have one length, which `timingSafeEqual` requires. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
