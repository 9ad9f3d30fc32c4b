import type { KeyObject, verify } from 'node:crypto';
import type { SignatureScheme } from '../token/signature.ts';

/** Tokens of one key and algorithm, to be checked together. */
export interface CheckBatch {
  readonly id: number;
  readonly scheme: SignatureScheme;
  readonly key: KeyObject;
  /** Whole tokens with a space between them: one string is handed over in less time than a list. */
  readonly tokens: string;
}

/** One letter a token: `y` the signature fits, `n` it does not, `?` the check failed, which is nobody's answer. */
export interface BatchAnswer {
  readonly id: number;
  readonly letters: string;
}

/** The end of a channel that the thread has. */
interface ThreadPort {
  on(event: 'message', listener: (batch: CheckBatch) => void): unknown;
  postMessage(answer: BatchAnswer | 'ready'): void;
}

/**
 * All that the thread does. It is started from the text of this function, so that no bundler has to find a second file:
 * nothing from outside may be named in here.
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
