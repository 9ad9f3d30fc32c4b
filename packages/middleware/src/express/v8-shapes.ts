import { versions } from 'node:process';

/** What Express leaves on each request, whatever its version. */
interface ExpressRequest {
  next?: unknown;
}

/** What Node and Express leave on each response. */
interface ExpressResponse {
  req?: unknown;
}

/**
 * Whether this engine forgets the shape of what was given another prototype, as Express does with each request and each
 * response: V8 up to 12 (Node 20 and 22) copies the description of such an object for each property that is added
 * (2.5 µs, and 2.5 KB that only a major collection frees), and looks for each one that is read anew (0.7 µs), here and
 * in everything behind. Later engines remember it.
 */
export const dictionaryModeIsFaster = Number.parseInt(versions.v8, 10) < 13;

/**
 * Makes what Express hands on cheap to read and to extend where the engine {@link dictionaryModeIsFaster}, and changes nothing
 * that can be seen: taking one property away turns an object into a dictionary, once. A bare route behind it takes less
 * time than without, by more than this package adds for a token that it knows (docs/performance.md).
 */
export function useDictionaryMode(request: object, response: object): void {
  const asked: ExpressRequest = request;
  const { next } = asked;
  if (next !== undefined) {
    delete asked.next;
    asked.next = next;
  }
  const answered: ExpressResponse = response;
  const { req } = answered;
  if (req !== undefined) {
    delete answered.req;
    answered.req = req;
  }
}
