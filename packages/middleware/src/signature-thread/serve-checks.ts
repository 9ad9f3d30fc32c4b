import type { KeyObject, verify } from 'node:crypto';
import type { SignatureScheme } from '../token/signature.ts';

/** What a batch is checked with. */
export interface BatchKey {
  readonly scheme: SignatureScheme;
  readonly key: KeyObject;
}

/** Tokens of one key and algorithm that are checked together. */
export interface CheckBatch extends BatchKey, BatchTokens {}

export interface BatchTokens {
  readonly id: number;
  /** Complete tokens, separated by spaces: one string is passed faster than a list. */
  readonly tokens: string;
}

/** One letter per token: `y` the signature is valid, `n` it is not, `?` the check failed, so that it is unknown. */
export interface BatchAnswer {
  readonly id: number;
  readonly letters: string;
}

/** A message to the thread. A key costs more than the tokens, so it is sent only where it is not that of the last batch. */
export type CheckMessage = CheckBatch | BatchTokens;

/** The thread's end of the channel. */
interface ThreadPort {
  on(event: 'message', listener: (message: CheckMessage) => void): unknown;
  postMessage(answer: BatchAnswer | 'ready'): void;
}

/**
 * The program of the thread. It is started from the text of this function, so that bundlers need no second file. It must not
 * refer to anything outside.
 */
export function serveChecks(port: ThreadPort, check: typeof verify): void {
  const checkWith = ({ key, scheme: { digest, ...how } }: BatchKey) => {
    const keyAndHow = { key, ...how };
    return (token: string) => {
      const dot = token.lastIndexOf('.');
      const signature = Buffer.from(token.slice(dot + 1), 'base64url');
      try {
        return check(digest, Buffer.from(token.slice(0, dot), 'latin1'), keyAndHow, signature) ? 'y' : 'n';
      } catch {
        return '?';
      }
    };
  };
  let letterOf = (_token: string): string => '?';
  port.on('message', (message) => {
    if ('key' in message) letterOf = checkWith(message);
    let letters = '';
    for (const token of message.tokens.split(' ')) letters += letterOf(token);
    port.postMessage({ id: message.id, letters });
  });
  port.postMessage('ready');
}
