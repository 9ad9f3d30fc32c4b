import { hash } from 'node:crypto';

/**
 * The head after an entry: the first 16 hex digits of SHA-1 over the head before it and its line. The script in Redis
 * computes the same. It reveals losses, not attacks: a writer of the log can revoke anyway.
 */
export function linkHead(prev: string, event: string): string {
  return hash('sha1', prev + event, 'hex').slice(0, 16);
}
