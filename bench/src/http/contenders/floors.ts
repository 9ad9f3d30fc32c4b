import { hash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { type Contender, tokenOf } from './contender.ts';

/**
 * The minimum that middleware with a token cache must do; each floor adds one step. Nothing is verified: the cost of a
 * contender above a floor is its own work.
 */
function floor(step: string, prepare: () => RequestHandler): Contender {
  return { name: `floor: ${step}`, about: 'verifies nothing', only: 'warm', prepare: async () => prepare() };
}

const auth = Object.freeze({ sub: 'user' });

export const sha256Floor = floor('read, SHA-256, Map, set', () =>
  behindMap((token) => hash('sha256', token, 'base64url')),
);

export const floors: readonly Contender[] = [
  floor('read', () => (request, _response, next) => {
    if (tokenOf(request) === '') throw new Error('expected a token');
    next();
  }),
  floor('set', () => (request, _response, next) => {
    setAuth(request, auth);
    next();
  }),
  floor('read, Map, set', () => behindMap((token) => token)),
  sha256Floor,
];

function behindMap(keyOf: (token: string) => string): RequestHandler {
  const known = new Map<string, object>();
  return (request, _response, next) => {
    const key = keyOf(tokenOf(request));
    let found = known.get(key);
    if (found === undefined) {
      found = Object.freeze({ sub: key });
      known.set(key, found);
    }
    setAuth(request, found);
    next();
  };
}

function setAuth(request: { auth?: unknown }, value: object): void {
  request.auth = value;
}
