import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PublicJwk } from '@revocast/testing/issuer';

/** Faults of a key server that still accepts connections. */
export type KeyServerFault =
  | 'status500'
  | 'timeout'
  | 'redirect'
  | 'drip'
  | 'endless'
  | 'html'
  | 'empty'
  | 'broken-member';

/** Target of 'redirect'. It serves the correct key set, so a client that follows redirects succeeds. */
export const redirectedPath = '/moved/jwks';

export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  keys: readonly PublicJwk[],
) => void | Promise<void>;

export const answerWithFault: Readonly<Record<KeyServerFault, Answer>> = {
  status500(_request, response) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('internal error');
  },

  /** Never answers. */
  timeout() {},

  redirect(_request, response) {
    response.writeHead(302, { location: redirectedPath }).end();
  },

  /** The correct answer with one byte every 50 ms: each read succeeds, but the body does not end before a deadline. */
  async drip(_request, response, keys) {
    const body = JSON.stringify({ keys });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    for (const character of body) {
      if (response.destroyed) return;
      response.write(character);
      await sleep(50, undefined, { ref: false });
    }
    response.end();
  },

  /** Valid JSON without end, as fast as the client reads. */
  async endless(_request, response) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"keys":[');
    const filler = `${' '.repeat(16 * 1024)}\n`;
    while (!response.destroyed) {
      if (response.write(filler)) await sleep(0);
      else await drained(response);
    }
  },

  html(_request, response) {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
  },

  empty(_request, response) {
    sendJson(response, { keys: [] });
  },

  /** The correct keys, together with members that are not valid keys. */
  'broken-member'(_request, response, keys) {
    sendJson(response, { keys: [null, { kty: 'RSA', kid: 'no-modulus' }, 'text', ...keys, { kid: 'no-type' }] });
  },
};

export function sendJson(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}
