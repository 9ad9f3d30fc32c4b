import type { ServerResponse } from 'node:http';
import type { Refused } from '../families/refusal.ts';

/**
 * Answers a refused refresh: 400 `invalid_grant` means "sign in again"; 429 and 503 mean "keep the token, try again after
 * `Retry-After`". It never deletes a cookie: this answer may be the slower of two, and the other one has set a new token.
 */
export function sendRefusal(response: ServerResponse, { status, error, retryAfterSeconds }: Refused): void {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Type', 'application/json');
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
  response.end(JSON.stringify({ error }));
}
