import { versions } from 'node:process';

/** What Express leaves on each request, whatever its version. */
interface ExpressRequest {
  next?: unknown;
}

/**
 * Whether this engine forgets the shape of what was given another prototype, as Express does with each request: V8 up
 * to 12 (Node 20 and 22) copies the description of such an object for each property that is added (2.5 µs), and looks
 * for each one that is read anew (0.7 µs), here and in everything behind. Later engines remember it.
 */
export const forgetsShapes = Number.parseInt(versions.v8, 10) < 13;

/**
 * Makes a request of Express cheap to read and to extend where the engine {@link forgetsShapes}, and changes nothing
 * that can be seen: taking one property away turns it into a dictionary, once. A bare route takes 62 µs then in place of
 * 70, which is more than this package adds for a token that it knows (docs/performance.md).
 */
export function settleShape(request: object): void {
  const express: ExpressRequest = request;
  const { next } = express;
  if (next === undefined) return;
  delete express.next;
  express.next = next;
}
