import type { KeyObject, verify } from 'node:crypto';
import type { SignatureScheme } from '../token/signature.ts';

/** Tokens of one key and algorithm that are checked together. */
export interface CheckBatch {
  readonly id: number;
  readonly scheme: SignatureScheme;
  readonly key: KeyObject;
  /** Complete tokens, separated by spaces: one string is passed faster than a list. */
  readonly tokens: string;
}

/** One letter per token: `y` the signature is valid, `n` it is not, `?` the check failed, so that it is unknown. */
export interface BatchAnswer {
  readonly id: number;
  readonly letters: string;
}

/** The thread's end of the channel. */
interface ThreadPort {
  on(event: 'message', listener: (batch: CheckBatch) => void): unknown;
  postMessage(answer: BatchAnswer | 'ready'): void;
}

/**
 * The program of the thread. It is started from the text of this function, so that bundlers need no second file. It must not
 * refer to anything outside.
 */
export function serveChecks(port: ThreadPort, check: typeof verify): void {
  const letterOf = (token: string, { key, scheme: { digest, ...how } }: CheckBatch) => {
    const dot = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(dot + 1), 'base64url');
    try {
      return check(digest, Buffer.from(token.slice(0, dot), 'latin1'), { key, ...how }, signature) ? 'y' : 'n';
    } catch {
      return '?';
    }
  };
  port.on('message', (batch) => {
    const letters = batch.tokens.split(' ').map((token) => letterOf(token, batch));
    port.postMessage({ id: batch.id, letters: letters.join('') });
  });
  port.postMessage('ready');
}
