import { createHash } from 'node:crypto';

/**
 * The head after an entry: the first 16 hex digits of SHA-1 over the head before it and its line. The script computes
 * the same. Nobody is kept from forging one: it shows losses, not attacks; who can write the log can revoke.
 */
export function linkHead(prev: string, event: string): string {
  return createHash('sha1').update(prev).update(event).digest('hex').slice(0, 16);
}
