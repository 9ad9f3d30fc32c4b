import { versions } from 'node:process';

/**
 * Whether V8 loses the hidden class of an object when its prototype is replaced, as Express does with each request and
 * response. V8 up to 12 (Node 20 and 22) does. It then copies all property descriptors of the object for each added
 * property (2.5 µs, and 2.5 KB that only a major garbage collection frees), and searches them on each read (0.7 µs), in
 * this package and in every later handler. Delete this file when Node 24 is the oldest supported line.
 */
export const dictionaryModeIsFaster = Number.parseInt(versions.v8, 10) < 13;

/**
 * Turns a request and its response into dictionaries, to which properties are added cheaply. A deleted property does that,
 * once. The property is restored, so nothing visible changes but its position. Where {@link dictionaryModeIsFaster}, this
 * saves a bare route more time than the check of a known token costs (docs/performance.md). Delete it with Node 22: no later
 * line needs it.
 */
export function useDictionaryMode(request: object, response: object): void {
  // A property of an object that is frozen or not extensible could not be restored.
  if (!Object.isExtensible(request) || !Object.isExtensible(response)) return;
  const routed: { next?: unknown } = request;
  const { next } = routed;
  if (next !== undefined) {
    delete routed.next;
    routed.next = next;
  }
  const answering: { req?: unknown } = response;
  const { req } = answering;
  if (req !== undefined) {
    delete answering.req;
    answering.req = req;
  }
}
